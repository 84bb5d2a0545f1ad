use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use tenancy_core::Slug;

use super::super::Output;
use crate::config::Config;
use crate::control::{self, Request};
use crate::failure::Failure;
use crate::why::{CLASSES, Known, Question, Reason, Sought};

#[derive(Args, Debug)]
pub(crate) struct WhyCommand {
    /// Whose entry it is
    #[arg(long, value_name = "SLUG")]
    tenant: Slug,
    /// The entry's class; without it, an address of the shop's API is taken
    #[arg(long, value_name = "CLASS", value_parser = CLASSES.map(|class| class.name()))]
    class: Option<String>,
    /// An address such as '/api/products?limit=20' or /api/products/ID; with --class the parts of a key,
    /// such as id ID or slug SLUG
    #[arg(required = true, value_name = "ADDRESS|KEY")]
    what: Vec<String>,
}

impl WhyCommand {
    pub(super) async fn run(self, config: &Config) -> Result<Output, Failure> {
        let of = match (self.class, &self.what[..]) {
            (Some(class), _) => Sought::Entry {
                class,
                key: self.what,
            },
            (None, [address]) => Sought::Address(address.clone()),
            (None, _) => {
                return Err(Failure::new(
                    "give one address, or --class and the parts of a key",
                ));
            }
        };
        let question = Question {
            tenant: self.tenant,
            of,
        };
        let reason: Reason = control::ask(config, &Request::CacheWhy(question)).await?;
        Output::text(&reason, reason.to_text())
    }
}

impl Reason {
    fn to_text(&self) -> String {
        let name = [&self.class, &self.key].map(|name| name.as_deref().unwrap_or_default());
        let mut text = match name {
            ["", _] => format!("{}.", self.because),
            [class, key] => format!("{class} {key}\n{}.", self.because),
        };
        if self.loading {
            text += "\nIt is being loaded now.";
        }
        if let Some(known) = &self.entry {
            let _ = write!(text, "\n{}", known.to_text());
        }
        text
    }
}

impl Known {
    fn to_text(&self) -> String {
        let seconds = |time: f64| Duration::try_from_secs_f64(time.round()).unwrap_or_default();
        let mut text = format!(
            "Stored {:?} ago, fresh for {:?} more, and good enough where loading fails for {:?}; \
             {} bytes.",
            seconds(self.age_seconds),
            seconds(self.fresh_for_seconds),
            seconds(self.stale_for_seconds),
            self.bytes,
        );
        if self.absence {
            text += "\nIt says that there is no such thing.";
        }
        if !self.flushed.is_empty() {
            let _ = write!(text, "\nFlushed since: {}.", self.flushed.join(", "));
        }
        text
    }
}
