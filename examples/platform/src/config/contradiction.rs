use super::Config;
use super::health::PARTS;
use super::name::Name;
use crate::failure::Failure;

/// How many of something that is named in the settings a server looks after.
const NAMED_MAX: usize = 32;

impl Config {
    /// Refuses settings of which each is fine and that make no sense together.
    pub(super) fn refuse_contradictions(&self) -> Result<(), Failure> {
        let health = &self.health;
        let limits = [
            (
                "disk",
                health.disk_warn_percent.get(),
                health.disk_fail_percent.get(),
            ),
            (
                "memory",
                health.memory_warn_percent.get(),
                health.memory_fail_percent.get(),
            ),
        ];
        for (part, warn, fail) in limits {
            if warn > fail {
                return Err(Failure::new(format!(
                    "health.{part}_warn_percent is {warn}, beyond health.{part}_fail_percent, which is \
                     {fail}: nobody would be warned before it fails"
                )));
            }
        }
        let counts = [
            ("health.services", health.services.len()),
            ("alerts.objectives", self.alerts.objectives.len()),
        ];
        for (setting, count) in counts {
            if count > NAMED_MAX {
                return Err(Failure::new(format!(
                    "{setting} has {count} entries, and may have {NAMED_MAX}"
                )));
            }
        }
        let mut services = health.services.keys().map(Name::as_str);
        if let Some(name) = services.find(|name| PARTS.contains(name)) {
            return Err(Failure::new(format!(
                "health.services.{name} is called as a part of the server is: give it another name"
            )));
        }
        Ok(())
    }
}
