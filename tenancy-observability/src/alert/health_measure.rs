use super::measure::{Measure, Question, Sample};
use super::subject::Subject;
use crate::health::{Health, Status};

/// What a [`Health`] has found, as values: `health` is 1 for each critical part that does not work and 0
/// for each that does, and a part's own name is what was observed of it, such as `disk` and `memory` in
/// percent. It looks at nothing itself: run [`Health::keep_fresh`] beside it.
///
/// All servers share the database, so `health` is about the platform; what each server has for itself
/// carries its name as the label `server`.
#[derive(Clone, Debug)]
pub struct HealthMeasure {
    health: Health,
    server: String,
}

impl HealthMeasure {
    /// The values of this server, which is called so.
    pub fn new(health: &Health, server: &str) -> Self {
        Self {
            health: health.clone(),
            server: server.to_owned(),
        }
    }
}

impl Measure for HealthMeasure {
    async fn read(&self, question: Question) -> Vec<Sample> {
        let mut samples = vec![];
        for part in self.health.kept().parts() {
            let Some(_) = part.looked else { continue };
            let sample = |value: f64| {
                let sample = Sample::new(Subject::Platform, value).label("server", &self.server);
                sample.label("part", part.part.name())
            };
            let status = part.finding.status();
            if *question.metric == *"health" && part.part.is_critical() && status != Status::Unknown
            {
                let failing = if status.is_working() { 0.0 } else { 1.0 };
                samples.push(sample(failing));
            } else if *question.metric == *part.part.name()
                && let Some((value, _)) = part.finding.value()
            {
                samples.push(sample(value as f64));
            }
        }
        samples
    }
}
