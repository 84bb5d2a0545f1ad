use std::time::Duration;

use crate::readiness::{Finding, Readiness, Status, Weight};

fn list(findings: [Finding; 3]) -> Readiness {
    let [grave, serious, slight] = findings;
    Readiness::new()
        .check("a", "A?", Weight::Grave, async { grave })
        .check("b", "B?", Weight::Serious, async { serious })
        .check("c", "C?", Weight::Slight, async { slight })
}

fn pass() -> Finding {
    Finding::pass("well")
}

fn each() -> [Finding; 4] {
    [
        Finding::fail("bad", "mend"),
        Finding::unknown("who knows", "look"),
        Finding::warn("not well", "mend"),
        pass(),
    ]
}

#[tokio::test]
async fn the_score_is_the_part_of_the_weights_that_is_earned() {
    for (findings, score) in [
        ([pass(), pass(), pass()], 100.0),
        ([Finding::fail("", ""), pass(), pass()], 28.6),
        ([Finding::warn("", ""), pass(), pass()], 64.3),
        ([pass(), pass(), Finding::fail("", "")], 92.9),
        ([pass(), Finding::unknown("", ""), pass()], 78.6),
    ] {
        assert_eq!(list(findings).run().await.score, Some(score));
    }
    assert_eq!(Readiness::new().run().await.score, None);
}

#[tokio::test]
async fn whatever_is_mended_raises_it() {
    for place in 0..3 {
        let mut before = -1.0;
        for status in [0, 2, 3] {
            let mut findings = [pass(), Finding::warn("", ""), Finding::fail("", "")];
            findings[place] = each()[status].clone();
            let score = list(findings).run().await.score.unwrap();
            assert!(score > before, "{score} after {before}");
            before = score;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_is_unknown_and_does_not_hold_up_the_others() {
    let report = Readiness::new()
        .check("hung", "Q?", Weight::Grave, std::future::pending())
        .check("well", "Q?", Weight::Grave, async { pass() })
        .time_out(Duration::from_secs(3))
        .run()
        .await;
    assert_eq!(report.checks[0].finding.status, Status::Unknown);
    assert_eq!(report.checks[0].finding.evidence, "no answer within 3s");
    assert_eq!(report.checks[1].finding, pass());
    assert!(report.is_at_worst(Status::Unknown) && !report.is_at_worst(Status::Fail));
}

#[tokio::test]
async fn people_read_the_worst_first_with_its_mend() {
    let report = list([pass(), Finding::warn("loose", "tighten it"), pass()])
        .run()
        .await;
    let told = report.to_string();
    assert!(
        told.starts_with("warn     b: loose\n         tighten it\npass     a: well"),
        "{told}"
    );
}

#[test]
fn the_worst_of_several_tells_all_that_are_as_bad() {
    let worst = Finding::worst([
        pass(),
        Finding::warn("one", "mend one"),
        Finding::warn("two", "mend two"),
    ]);
    assert_eq!(worst, Finding::warn("one; two", "mend one; mend two"));
    assert_eq!(Finding::worst([]).status, Status::Unknown);
    assert_eq!(Finding::worst([pass(), pass()]).evidence, "well; well");
}
