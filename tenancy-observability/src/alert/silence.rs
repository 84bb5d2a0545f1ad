use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use uuid::Uuid;

use super::state::Alert;
use super::subject::Subject;

/// What nobody is told of for a while. It is looked after all the same, and told if it still fires then.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Silence {
    /// Its id.
    pub id: Uuid,
    /// Of this rule only, or of all.
    pub rule: Option<String>,
    /// About this subject only, or about all.
    pub subject: Option<Subject>,
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub until: Time,
    /// Why, for whoever asks why nobody was told.
    pub reason: String,
    /// Who wanted it.
    pub by: String,
}

impl Silence {
    /// A silence over everything until then.
    pub fn until(until: Time, reason: &str, by: &str) -> Self {
        Self {
            id: Uuid::now_v7(),
            rule: None,
            subject: None,
            until,
            reason: reason.to_owned(),
            by: by.to_owned(),
        }
    }

    /// Of one rule only.
    #[must_use]
    pub fn rule(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }

    /// About one subject only.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    pub(super) fn covers(&self, alert: &Alert, now: Time) -> bool {
        let is_subject = |subject: &Subject| subject.key() == alert.subject.key();
        now < self.until
            && self.rule.as_ref().is_none_or(|rule| *rule == alert.rule)
            && self.subject.as_ref().is_none_or(is_subject)
    }
}
