use std::collections::HashMap;

use super::*;

#[test]
fn a_round_has_each_endpoint_as_often_as_its_weight_says() {
    let mix = Mix::new(&[60, 20, 10, 10], 1).unwrap();
    let mut counts = [0_u32; 4];
    for number in 0..10_000 {
        counts[mix.pick(number).0] += 1;
    }
    assert_eq!(counts, [6000, 2000, 1000, 1000]);
}

#[test]
fn the_heavy_are_spread_and_not_sent_in_a_row() {
    let mix = Mix::new(&[2, 1, 1], 1).unwrap();
    let sent: Vec<usize> = (0..4).map(|number| mix.pick(number).0).collect();
    assert_eq!(sent, [0, 1, 2, 0]);
}

#[test]
fn every_caller_meets_every_endpoint_alike() {
    // As many callers as there are places in a round: counting on would pair them for ever.
    for callers in 1..=9 {
        let mix = Mix::new(&[1, 1, 2], callers).unwrap();
        let mut counts = HashMap::new();
        for number in 0..(4 * callers as u64 * 5) {
            *counts.entry(mix.pick(number)).or_insert(0) += 1;
        }
        for endpoint in 0..3 {
            for caller in 0..callers {
                let weight = [1, 1, 2][endpoint];
                assert_eq!(counts[&(endpoint, caller)], weight * 5, "{callers} callers");
            }
        }
    }
}

#[test]
fn weights_that_make_too_long_a_round_are_refused() {
    assert!(Mix::new(&[1_000_000, 1], 1).is_none());
    assert!(Mix::new(&[1_000_000, 2_000_000], 1).is_some());
}
