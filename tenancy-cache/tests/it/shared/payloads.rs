//! What lies in the store: from an earlier version, cut short, changed, or of another key.

use std::convert::Infallible;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tenancy_cache::{Tag, TenantCache};
use tenancy_core::redis::{Script, Value};
use tenancy_tests::Redis as Server;
use xxhash_rust::xxh3::xxh3_64;

use super::{BOUND, LISTS, Site, gone, has, ready, shared_site};

/// All that nodes of the first version left in the store, as commands; after an empty line what a flush
/// of the tag `price-list` adds. Servers of that version have it in theirs, so it is never made anew:
/// where a test fails on it the code is to be mended, or the payloads of a new version to be kept
/// beside these.
const FIRST: &str = include_str!("payloads/v1.txt");

const FIRST_TENANT: &str = "01939d5e-7c00-7000-8000-00000000c0de";

async fn call(site: &Site, words: Vec<Vec<u8>>) -> Value {
    let call = Script::new("return redis.call(unpack(ARGV))");
    let call = call.call(Vec::<String>::new(), words);
    site.redis.command(call).await.unwrap()
}

/// A word, in which what is not plain is written `\xNN`.
fn unescape(word: &str) -> Vec<u8> {
    let mut parts = word.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

async fn carry_out(site: &Site, commands: &str) {
    for line in commands.lines() {
        call(site, line.split(' ').map(unescape).collect()).await;
    }
}

#[tokio::test]
async fn what_the_first_version_stored_is_found_and_its_flushes_are_heard() {
    let url = Server::shared().await.url();
    let site = Site::of(&url, FIRST_TENANT.parse().unwrap()).await;
    let (stored, flush) = FIRST.split_once("\n\n").unwrap();
    carry_out(&site, stored).await;
    let shop = site.node().await;
    let tags = [Tag::new("product").part(7), Tag::new("price-list")];
    let never = || async { unreachable!("it is stored") as Result<String, Infallible> };
    let short = shop.remember(&LISTS, "short", &tags, never).await.unwrap();
    assert_eq!(*short, "bell");
    let long = shop.get::<String>(&LISTS, "long").await.unwrap().unwrap();
    assert_eq!(*long, "pump ".repeat(1_000));
    let never = || async { unreachable!("it is stored") as Result<Option<String>, Infallible> };
    let none = shop.remember_optional(&LISTS, "none", &tags, never);
    assert_eq!(none.await.unwrap(), None);

    assert!(has(&shop, "short").await && has(&shop, "long").await);
    carry_out(&site, flush).await;
    assert!(gone(&shop, "short").await < BOUND);
    for shop in [&shop, &site.node().await] {
        for key in ["short", "long"] {
            assert_eq!(shop.get::<String>(&LISTS, key).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn what_was_stored_with_fewer_more_or_other_tags_is_loaded_anew() {
    let site = shared_site().await;
    let writer = site.node().await;
    let tags = |names: &[&str]| -> Vec<_> { names.iter().map(Tag::new).collect() };
    for (asked, expected) in [
        (vec!["a", "b"], "stored"),
        (vec!["b", "a"], "stored"),
        (vec!["a"], "loaded"),
        (vec![], "loaded"),
        (vec!["a", "c"], "loaded"),
        (vec!["a", "a"], "loaded"),
        (vec!["a", "b", "c"], "loaded"),
    ] {
        let (stored, asked_tags) = (tags(&["a", "b"]), tags(&asked));
        let put = writer.put(&LISTS, "list", &stored, "stored".to_owned());
        put.await.unwrap();
        let load = || async { Ok::<_, Infallible>("loaded".to_owned()) };
        let reader = site.node().await;
        let value = reader.remember(&LISTS, "list", &asked_tags, load).await;
        assert_eq!(*value.unwrap(), expected, "{asked:?}");
    }
}

/// What becomes of a payload.
#[derive(Clone, Debug)]
enum Harm {
    Cut(prop::sample::Index),
    Flipped(Vec<(prop::sample::Index, u8)>),
    /// Under a checksum that says nothing is wrong.
    FlippedAndSealed(Vec<(prop::sample::Index, u8)>),
    Noise(Vec<u8>),
    OfAnother,
}

fn harm() -> impl Strategy<Value = Harm> {
    let flips = || prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..4);
    prop_oneof![
        1 => any::<prop::sample::Index>().prop_map(Harm::Cut),
        1 => flips().prop_map(Harm::Flipped),
        4 => flips().prop_map(Harm::FlippedAndSealed),
        1 => prop::collection::vec(any::<u8>(), 0..64).prop_map(Harm::Noise),
        1 => Just(Harm::OfAnother),
    ]
}

impl Harm {
    fn done_to(&self, payload: &[u8], another: &[u8]) -> Vec<u8> {
        let mut harmed = payload.to_vec();
        match self {
            Self::Cut(end) => harmed.truncate(end.index(payload.len())),
            Self::Flipped(flips) | Self::FlippedAndSealed(flips) => {
                for (place, bit) in flips {
                    harmed[place.index(payload.len())] ^= 1 << bit;
                }
            }
            Self::Noise(noise) => harmed.clone_from(noise),
            Self::OfAnother => harmed = another.to_vec(),
        }
        if matches!(self, Self::FlippedAndSealed(_)) {
            let sum = xxh3_64(&harmed[12..]);
            harmed[4..12].copy_from_slice(&sum.to_le_bytes());
        }
        harmed
    }
}

/// The values of three keys: plain, compressed, and another's.
fn values() -> [String; 3] {
    let long = "a value that is long enough to be compressed. ".repeat(60);
    [
        "a short value".to_owned(),
        long,
        "another's value".to_owned(),
    ]
}

async fn stored(site: &Site, shop: &TenantCache) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut stored = Vec::new();
    for (number, value) in values().into_iter().enumerate() {
        let tags = [Tag::new("product"), Tag::new("list").part(number)];
        shop.put(&LISTS, format!("key-{number}"), &tags, value)
            .await
            .unwrap();
        let pattern = format!("{}{{e*key-{number}}}", site.prefix);
        let keys = call(site, vec![b"KEYS".to_vec(), pattern.into()]).await;
        let key = keys.into_array().unwrap().remove(0);
        let key = key.into_bytes().unwrap().unwrap().to_vec();
        let payload = call(site, vec![b"GET".to_vec(), key.clone()]).await;
        stored.push((key, payload.into_bytes().unwrap().unwrap().to_vec()));
    }
    stored
}

#[test]
fn a_harmed_payload_is_no_value_and_never_that_of_another_key() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (site, shop, stored) = runtime.block_on(async {
        let site = shared_site().await;
        let writer = site.node().await;
        let stored = stored(&site, &writer).await;
        // It keeps nothing itself.
        let cache = site.cache(site.remote()).capacity_bytes(1).build();
        let reader = ready(site.open(&cache)).await;
        (site, reader, stored)
    });
    let read_as = |number: usize, payload: Vec<u8>| {
        runtime.block_on(async {
            let words = ["SET", "PX", "86400000"].map(|word| word.as_bytes().to_vec());
            let [set, px, time] = words;
            call(
                &site,
                vec![set, stored[number].0.clone(), payload, px, time],
            )
            .await;
            let value = shop.get::<String>(&LISTS, format!("key-{number}")).await;
            value.unwrap().map(|value| (*value).clone())
        })
    };
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let tried = runner.run(&(0..2_usize, harm()), |(number, harm)| {
        let (payload, another) = (&stored[number].1, &stored[2].1);
        let harmed = harm.done_to(payload, another);
        let value = read_as(number, harmed.clone());
        match harm {
            Harm::FlippedAndSealed(_) => {
                prop_assert_ne!(value.as_deref(), Some("another's value"));
            }
            _ if harmed == *payload => prop_assert_eq!(value, Some(values()[number].clone())),
            _ => prop_assert_eq!(value, None),
        }
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}
