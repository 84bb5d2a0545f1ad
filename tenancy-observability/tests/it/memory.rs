//! What a future asks for is its own, whoever else is polled beside it.

use std::hint::black_box;

use tenancy_observability::memory::{allocated, count};
use tokio::task::yield_now;

const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test]
async fn what_one_future_asks_for_is_not_counted_for_another_between_its_polls() {
    let greedy = count(async {
        let mut kept = Vec::new();
        for _ in 0..8 {
            kept.push(black_box(vec![1_u8; MEBIBYTE]));
            yield_now().await;
        }
        kept.len()
    });
    let modest = count(async {
        for _ in 0..16 {
            yield_now().await;
        }
        black_box(vec![1_u8; 1000]).len()
    });
    let ((_, greedy), (_, modest)) = tokio::join!(greedy, modest);
    assert!(greedy.unwrap() >= 8 * MEBIBYTE as u64, "{greedy:?}");
    assert!((1000..100_000).contains(&modest.unwrap()), "{modest:?}");
}

#[test]
fn what_grows_is_counted_by_how_much_and_what_is_given_back_stays_counted() {
    let before = allocated().unwrap();
    let mut bytes = black_box(Vec::<u8>::with_capacity(1000));
    bytes.reserve_exact(3000);
    assert_eq!(allocated().unwrap() - before, 3000);
    drop(black_box(bytes));
    assert_eq!(allocated().unwrap() - before, 3000);
    let zeroed = black_box(vec![0_u8; 500]);
    assert_eq!(allocated().unwrap() - before, 3500);
    drop(zeroed);
}
