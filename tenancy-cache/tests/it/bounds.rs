//! What is too large or too many is refused as a whole, with a reason; what is too long is cut short.

use std::convert::Infallible;
use std::time::Duration;

use tenancy_cache::class::Class;
use tenancy_cache::{ErrorKind, Flush, Key, Match, NAME_BYTES_MAX, TAGS_MAX, Tag, Wanted};

use crate::town::{Source, Town};

const PAGES: Class = Class::new("pages");

#[tokio::test]
async fn names_and_tags_beyond_their_bounds_are_refused_before_anything_is_loaded() {
    let shop = Town::new().shop("acme").await;
    let long = "a".repeat(NAME_BYTES_MAX);
    let source = Source::default();
    let kind = async |key: &str, tags: &[&str]| {
        let answer = source.through(&shop, &PAGES, key, tags).await;
        answer.unwrap_err().kind()
    };
    assert_eq!(kind(&long, &[]).await, ErrorKind::KeyTooLong);
    assert_eq!(kind("a", &[&long]).await, ErrorKind::TagTooLong);
    assert_eq!(
        kind("a", &["t"; TAGS_MAX + 1]).await,
        ErrorKind::TooManyTags
    );
    assert_eq!(source.readings(), 0);
    assert_eq!(
        source
            .through(&shop, &PAGES, "a", &["t"; TAGS_MAX])
            .await
            .unwrap(),
        1
    );

    let tags = [Tag::new("t"), Tag::new(&long)];
    let flushed = shop.flush_tags(Match::Any, &tags, Flush::Hard).await;
    assert_eq!(flushed.unwrap_err().kind(), ErrorKind::TagTooLong);
    assert_eq!(*shop.get::<u32>(&PAGES, "a").await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_value_that_is_too_large_is_not_kept() {
    let town = Town::with(|cache| cache.value_bytes_max(1024));
    let shop = town.shop("acme").await;
    shop.put(&PAGES, "a", &[], "small".to_owned())
        .await
        .unwrap();
    let large = "x".repeat(2_000);
    let refused = shop.put(&PAGES, "a", &[], large.clone()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ValueTooLarge);
    // Neither in part nor as it was before.
    assert_eq!(shop.get::<String>(&PAGES, "a").await.unwrap(), None);

    let load = || async { Ok::<_, Infallible>("x".repeat(2_000)) };
    assert_eq!(*shop.remember(&PAGES, "a", &[], load).await.unwrap(), large);
    assert_eq!(shop.get::<String>(&PAGES, "a").await.unwrap(), None);
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_not_a_miss() {
    let shop = Town::new().shop("acme").await;
    shop.put(&PAGES, "a", &[], 1_u32).await.unwrap();
    let read = shop.get::<String>(&PAGES, "a").await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::WrongType);
    assert_eq!(*shop.get::<u32>(&PAGES, "a").await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn keys_with_the_same_letters_in_other_parts_never_meet() {
    let shop = Town::new().shop("acme").await;
    let keys = [
        Key::new("a:b").part("c"),
        Key::new("a").part("b:c"),
        Key::new("a:b:c"),
        Key::new("a").part("b").part("c"),
        Key::new("a\0b").part("c"),
        Key::new("{a}b").part("c"),
        Key::new("").part("a:b").part("c"),
    ];
    for (value, key) in keys.iter().enumerate() {
        shop.put(&PAGES, key.clone(), &[], value).await.unwrap();
    }
    for (value, key) in keys.iter().enumerate() {
        assert_eq!(
            *shop
                .get::<usize>(&PAGES, key.clone())
                .await
                .unwrap()
                .unwrap(),
            value
        );
    }
}

#[tokio::test]
async fn no_setting_of_a_class_is_too_extreme_to_work() {
    let shop = Town::new().shop("acme").await;
    let times: [fn(Class, Duration) -> Class; 5] = [
        Class::time_to_live,
        Class::absence,
        Class::stale_for,
        Class::soft_time_out,
        Class::hard_time_out,
    ];
    let numbers: [fn(Class, f64) -> Class; 2] = [Class::early_refresh, Class::jitter];
    let longest = times.iter().fold(PAGES, |all, set| set(all, Duration::MAX));
    let mut classes = vec![longest];
    for time in [Duration::MAX, Duration::from_secs(u64::MAX / 1000)] {
        classes.extend(times.iter().map(|set| set(PAGES, time)));
    }
    let extremes = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1.0];
    for number in extremes {
        classes.extend(numbers.iter().map(|set| set(PAGES, number)));
        classes.extend(numbers.iter().map(|set| set(longest, number)));
    }
    for class in &classes {
        let source = Source::default();
        for _ in 0..2 {
            assert_eq!(source.through(&shop, class, "a", &[]).await.unwrap(), 1);
        }
        let none = || async { Ok::<Option<u32>, Infallible>(None) };
        let found = shop.remember_optional(class, "none", &[], none).await;
        assert_eq!(found.unwrap(), None);
        let wanted = [Wanted {
            key: Key::new("b"),
            tags: Vec::new(),
        }];
        for _ in 0..2 {
            let load = |_| async { Ok::<_, Infallible>(vec![7_u32]) };
            let values = shop.remember_many(class, &wanted, load).await.unwrap();
            assert_eq!(*values[0], 7);
        }
        // What is stale has its time-outs as well.
        shop.flush_class(class, Flush::Soft).await.unwrap();
        shop.why(class, "a").await.unwrap();
        assert!(source.through(&shop, class, "a", &[]).await.unwrap() > 1);
        shop.put(class, "a", &[], 3_u32).await.unwrap();
        let put = shop.get::<u32>(class, "a").await.unwrap();
        assert_eq!(put.as_deref(), Some(&3), "{class:?}");
        assert!(class.life_max() <= Duration::from_secs(200 * 365 * 86_400));
        shop.flush_tenant(Flush::Hard).await.unwrap();
    }
    let temporary = shop.temporary();
    temporary.put_for(Duration::MAX, "a", 1_u32).await.unwrap();
    assert_eq!(
        temporary.take::<u32>("a").await.unwrap().as_deref(),
        Some(&1)
    );
}
