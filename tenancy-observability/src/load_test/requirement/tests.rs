use std::time::Duration;

use super::*;
use crate::load_test::histogram::Times;
use crate::load_test::series::{Ending, Sample};
use crate::load_test::{Generator, Named, Run, Series};

/// A run of a second in which `times` were answered, in milliseconds, and others refused.
fn run(times: &[u64], refused: u64) -> Run {
    let mut series = Series::new(Times::exact);
    for millis in times {
        let time = Duration::from_millis(*millis);
        let ending = Ending::Answered {
            status: 200,
            bytes: 0,
        };
        series.record(&Sample {
            response: time,
            service: time,
            ending,
        });
    }
    for _ in 0..refused {
        let time = Duration::ZERO;
        series.record(&Sample {
            response: time,
            service: time,
            ending: Ending::Unreachable,
        });
    }
    Run {
        endpoints: vec![
            Named::new("GET /a<b", series),
            Named::new("GET /never", Series::new(Times::exact)),
        ],
        ..Run::empty(1.0, Generator::judged(0.0, None))
    }
}

fn met(requirement: &str, run: &Run) -> bool {
    requirement.parse::<Requirement>().unwrap().judge(run).met
}

#[test]
fn each_metric_is_compared_in_its_unit() {
    let run = run(&[10, 20, 30, 400], 1);
    for (requirement, expected) in [
        ("mean<=115.1ms", true),
        ("mean<115", false),
        ("p50<=20.1", true),
        ("p75<30", false),
        ("med < 0.0201s", true),
        ("max>=400ms", true),
        ("min>=10000us", true),
        ("p99.9<399ms", false),
        ("error_rate<=20%", true),
        ("error_rate<0.2", false),
        ("success_rate>=80%", true),
        ("rps>=4", true),
        ("rps>4/s", false),
        ("requests==5", true),
        ("dropped==0", true),
        ("cut_off>0", false),
        ("p50{endpoint:GET /a<b}<21ms", true),
    ] {
        assert_eq!(met(requirement, &run), expected, "{requirement}");
    }
}

#[test]
fn what_was_not_measured_meets_nothing() {
    let nothing = run(&[], 0);
    for requirement in [
        "p95<200ms",
        "p95>=0ms",
        "error_rate<1%",
        "success_rate>=0%",
        "rps<5",
        "requests==0",
        "dropped==0",
        "cut_off==0",
    ] {
        let verdict = requirement.parse::<Requirement>().unwrap().judge(&nothing);
        assert!(!verdict.met && verdict.observed.is_none(), "{requirement}");
    }
    let run = run(&[1], 0);
    assert!(!met("mean{endpoint:GET /never}<1s", &run));
    assert!(!met("mean{tenant:acme}<1s", &run));
}

#[test]
fn a_server_that_refuses_every_connection_is_all_errors_and_has_no_speed() {
    let run = run(&[], 7);
    assert!(met("error_rate==100%", &run));
    assert!(!met("p95<200ms", &run));
    assert!(!met("rps>=1", &run));
}

#[test]
fn a_slip_is_told_with_what_would_have_been_right() {
    for (slip, hint) in [
        ("p95", "compares nothing"),
        ("p95<", "wants a time"),
        ("p95<200kg", "wants a time"),
        ("p95<-1ms", "wants a time"),
        ("p95<NaN", "wants a time"),
        ("p95=<200", "compares by none"),
        ("p101<200", "is about none of"),
        ("p0<200", "is about none of"),
        ("pinf<200", "is about none of"),
        ("perror<200", "is about none of"),
        ("latency<200", "is about none of"),
        ("error_rate<150%", "wants a share"),
        ("rps>=many", "so many a second"),
        ("p95{endpoint:/a<200", "not closed"),
        ("p95{shop:a}<200", "chooses neither"),
        ("", "compares nothing"),
    ] {
        let said = slip.parse::<Requirement>().unwrap_err().to_string();
        assert!(said.contains(hint), "{slip}: {said}");
    }
}

#[test]
fn a_rate_below_what_is_asked_for_by_default_asks_for_most_of_itself() {
    let open = |rate| Model::Open {
        rate: crate::load_test::Rate::new(rate).unwrap(),
        in_flight_max: std::num::NonZeroU32::MIN,
    };
    let told = |model| Requirement::defaults(model)[2].to_string();
    assert_eq!(told(open(20.0)), "rps>=19");
    assert_eq!(told(open(5000.0)), "rps>=100");
    let given = ["dropped<5".parse().unwrap()];
    assert_eq!(Requirement::none_dropped(open(1.0), &given), None);
    assert!(Requirement::none_dropped(open(1.0), &[]).is_some());
}
