use clap::{ArgGroup, Subcommand};
use jiff::SignedDuration;
use serde_json::json;
use tenancy_core::Slug;
use tenancy_core::time::Time;
use tenancy_observability::alert::{Channel, Fate, Silence, State, Subject};
use uuid::Uuid;

use super::Output;
use super::block::time;
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// List what fires, may fire or cannot be told
    List {
        /// The messages that did not arrive, instead
        #[arg(long)]
        dead: bool,
    },
    /// Send messages again that did not arrive; a running server does so
    #[command(group = ArgGroup::new("which").required(true).args(["ids", "all"]))]
    Resend {
        /// Their ids: `alert list --dead` shows them
        #[arg(value_name = "ID")]
        ids: Vec<Uuid>,
        /// The latest 200 that did not arrive
        #[arg(long)]
        all: bool,
    },
    /// Send a message through a channel (mail, slack, sms or webhook), to see whether it arrives
    Test {
        /// The channel
        channel: String,
    },
    /// Tell nobody of something for a while; what still fires then is told
    Silence {
        /// For how long, such as 90min or 7d
        #[arg(long = "for", value_name = "TIME", value_parser = time, required_unless_present_any = ["end", "list"])]
        time: Option<SignedDuration>,
        /// Of this rule only
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// About this tenant only
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
        /// Why, for whoever asks why nobody was told
        #[arg(long, value_name = "TEXT", default_value = "silenced by an operator")]
        reason: String,
        /// End the silence with this id instead
        #[arg(long, value_name = "ID", conflicts_with_all = ["time", "rule", "tenant"])]
        end: Option<Uuid>,
        /// List the silences instead
        #[arg(long, conflicts_with_all = ["time", "rule", "tenant", "end"])]
        list: bool,
    },
}

impl AlertCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::List { dead: false } => active(platform).await,
            Self::List { dead: true } => dead(platform).await,
            Self::Resend { all: true, .. } => {
                let dead = platform.alerts().deliveries(Fate::Dead).await?;
                let ids: Vec<_> = dead.into_iter().map(|delivery| delivery.id).collect();
                resend(platform, &ids, true).await
            }
            Self::Resend { ids, .. } => resend(platform, &ids, false).await,
            Self::Test { channel } => test(platform, &channel).await,
            Self::Silence { list: true, .. } => silences(platform).await,
            Self::Silence { end: Some(id), .. } => end(platform, id).await,
            Self::Silence {
                time,
                rule,
                tenant,
                reason,
                ..
            } => {
                let time = time.unwrap_or_default().unsigned_abs();
                let until = Time::now().after(time);
                let by = platform.actor().name();
                let mut silence = Silence::until(until, &reason, by);
                if let Some(rule) = rule {
                    let rules = platform.alerts().rules();
                    if !rules.iter().any(|known| known.name() == rule) {
                        let names: Vec<_> = rules.iter().map(|known| known.name()).collect();
                        let names = names.join(", ");
                        return Err(Failure::new(format!("no rule is called {rule}: {names}")));
                    }
                    silence = silence.rule(&rule);
                }
                if let Some(slug) = tenant {
                    let id = platform.tenant(&slug).await?.id;
                    silence = silence.subject(Subject::Tenant { id, slug });
                }
                platform.alerts().silence(silence.clone()).await?;
                Output::text(&silence, format!("{} ends at {until}.", silence.id))
            }
        }
    }
}

async fn active(platform: &Platform) -> Result<Output, Failure> {
    let alerts = platform.alerts().active().await?;
    let cells = alerts.iter().map(|alert| {
        let labels = alert.labels.iter();
        let labels: Vec<_> = labels
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let value = match alert.state {
            State::NoData => String::new(),
            State::Firing | State::Pending | State::Resolved => {
                format!("{:.2} of {:.2}", alert.value, alert.threshold)
            }
        };
        let state = match alert.state {
            State::Firing => "firing",
            State::NoData => "no data",
            State::Pending => "pending",
            State::Resolved => "resolved",
        };
        [
            state.to_owned(),
            alert.level.as_str().to_owned(),
            alert.subject.to_string(),
            alert.rule.clone(),
            labels.join(" ").replace(char::is_control, " "),
            value,
            alert.since.to_string(),
        ]
    });
    let head = [
        "STATE", "LEVEL", "TENANT", "RULE", "WHICH", "VALUE", "SINCE",
    ];
    Output::table(&alerts, head, cells)
}

async fn dead(platform: &Platform) -> Result<Output, Failure> {
    let dead = platform.alerts().deliveries(Fate::Dead).await?;
    let cells = dead.iter().map(|delivery| {
        [
            delivery.id.to_string(),
            delivery.channel.clone(),
            delivery.message.title(),
            delivery.attempts.to_string(),
            delivery.next_at.to_string(),
            delivery.says.clone().unwrap_or_default(),
        ]
    });
    let head = ["ID", "CHANNEL", "MESSAGE", "ATTEMPTS", "GIVEN UP", "WHY"];
    Output::table(&dead, head, cells)
}

/// Where some were sent by others meanwhile that is as well, unless these very ones are wanted.
async fn resend(platform: &Platform, ids: &[Uuid], any: bool) -> Result<Output, Failure> {
    let mut sent = vec![];
    for id in ids {
        let is_sent = platform.alerts().resend(*id, Time::now()).await?;
        if !is_sent && any {
            continue;
        }
        if !is_sent {
            let others = match sent.len() {
                0 => String::new(),
                count => format!(" ({count} before it wait to be sent)"),
            };
            return Err(Failure::new(format!(
                "no message {id} was given up: `alert list --dead` shows what there is{others}"
            )));
        }
        sent.push(*id);
    }
    let count = sent.len();
    let text = match count {
        1 => "The message waits to be sent by a running server.".to_owned(),
        _ => format!("{count} messages wait to be sent by a running server."),
    };
    Output::text(&json!({ "resent": sent }), text)
}

async fn test(platform: &Platform, name: &str) -> Result<Output, Failure> {
    let alerts = platform.alerts();
    if !alerts
        .channels()
        .iter()
        .any(|channel| channel.name() == name)
    {
        let names: Vec<_> = alerts.channels().iter().map(Channel::name).collect();
        let known = match names.is_empty() {
            true => "none is configured: see the settings under alerts".to_owned(),
            false => format!("there are {}", names.join(", ")),
        };
        return Err(Failure::new(format!(
            "no channel is called {name}: {known}"
        )));
    }
    let sent = alerts.test(name).await;
    sent.map_err(|error| Failure::new(format!("the message did not arrive: {error}")))?;
    let document = json!({ "channel": name, "arrived": true });
    Output::text(&document, format!("The message has arrived at {name}."))
}

async fn silences(platform: &Platform) -> Result<Output, Failure> {
    let silences = platform.alerts().silences().await?;
    let cells = silences.iter().map(|silence| {
        let subject = silence.subject.as_ref().map(ToString::to_string);
        [
            silence.id.to_string(),
            silence.rule.clone().unwrap_or_default(),
            subject.unwrap_or_default(),
            silence.until.to_string(),
            silence.reason.clone(),
        ]
    });
    Output::table(
        &silences,
        ["ID", "RULE", "TENANT", "UNTIL", "REASON"],
        cells,
    )
}

async fn end(platform: &Platform, id: Uuid) -> Result<Output, Failure> {
    if !platform.alerts().end_silence(id).await? {
        return Err(Failure::new(format!(
            "there is no silence {id}: `alert silence --list` shows what there is"
        )));
    }
    Output::text(
        &json!({ "id": id, "ended": true }),
        format!("{id} has ended."),
    )
}
