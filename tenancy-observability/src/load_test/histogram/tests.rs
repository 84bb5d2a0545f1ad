use super::*;

/// The nearest rank among times in order, which is what a percentile means.
fn exact(sorted: &[u64], percent: f64) -> u64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

fn check(mut times: Vec<u64>) {
    let (mut kept, mut shards) = (Times::exact(), [Times::exact(), Times::exact()]);
    for (index, time) in times.iter().enumerate() {
        kept.record(Duration::from_micros(*time));
        shards[index % 2].record(Duration::from_micros(*time));
    }
    times.sort_unstable();
    for percent in [1.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0] {
        let (found, exact) = (kept.percentile_us(percent).unwrap(), exact(&times, percent));
        let off = found.abs_diff(exact) as f64 / exact as f64;
        assert!(off <= 0.001, "p{percent} is {found} and not {exact}");
    }
    let [mut merged, other] = shards;
    merged.add(&other);
    assert_eq!(merged, kept);
}

#[test]
fn percentiles_are_right_to_a_thousandth_whatever_the_times_are() {
    check(vec![700_000; 50]);
    // What tools that round to hundreds of milliseconds, or to seconds, get wrong.
    check(
        (0..1000)
            .map(|n| if n % 10 == 0 { 3_000_000 } else { 700_000 + n })
            .collect(),
    );
    check((1..=20_000).map(|n: u64| n * n / 40 + 1).collect());
}

#[test]
fn no_percentile_exceeds_the_longest_time() {
    let mut times = Times::exact();
    times.record(Duration::from_micros(3_390_123));
    let figures = times.figures().unwrap();
    assert_eq!(figures.p99_us, figures.max_us);
    assert_eq!(figures.samples, 1);
}

#[test]
fn without_a_sample_there_is_no_figure() {
    assert_eq!(Times::exact().figures(), None);
    assert_eq!(Times::exact().percentile_us(50.0), None);
    assert_eq!(Times::exact().mean_us(), None);
}

#[test]
fn what_was_written_down_reads_back_the_same() {
    for mut times in [Times::exact(), Times::coarse()] {
        for time in [1, 17, 4096, 700_000, 3_000_001, u64::from(u32::MAX)] {
            times.record(Duration::from_micros(time));
        }
        let text = serde_json::to_string(&times).unwrap();
        let read: Times = serde_json::from_str(&text).unwrap();
        let mut kept = times.clone().kept();
        for other in [&read, &kept] {
            assert!(matches!(other, Times::Kept(_)));
            assert_eq!((other, other.figures()), (&times, times.figures()));
        }
        // It goes on where it was.
        for times in [&mut times, &mut kept] {
            times.record(Duration::from_micros(18));
        }
        kept.add(&read);
        times.add(&read);
        assert_eq!(kept, times);
    }
    assert!(serde_json::from_str::<Times>("\"bm90IG9uZQ==\"").is_err());
}

#[test]
fn a_sender_that_waited_is_charged_for_what_it_did_not_send() {
    let mut times = Times::exact();
    (0..999).for_each(|_| times.record(Duration::from_millis(1)));
    times.record(Duration::from_secs(1));
    assert!(times.percentile_us(99.0).unwrap() < 1100);
    let corrected = times.corrected(Duration::from_millis(1));
    assert!(corrected.percentile_us(99.0).unwrap() > 900_000);
}
