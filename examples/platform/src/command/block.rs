use std::net::IpAddr;
use std::str::FromStr;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;
use serde_json::json;
use tenancy_core::{Slug, TenantId};
use tenancy_security::block::{Block, Effect};

use super::Output;
use crate::blocks::{self, BlockRecord};
use crate::failure::Failure;
use crate::platform::Platform;

#[derive(Debug, Subcommand)]
pub(crate) enum BlockCommand {
    /// Refuse an address or a network, on every server within a second
    Add(Add),
    /// List who is refused, and who is served all the same
    List {
        /// Only this tenant's entries
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
    },
    /// Take an entry out of the list
    Remove {
        /// The address or network, as the list has it
        network: Network,
        /// An entry of this tenant instead of the platform's
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
        /// An entry that serves instead of one that refuses
        #[arg(long)]
        allow: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// The address or network, such as 203.0.113.7 or 2001:db8::/32
    network: Network,
    /// At this tenant only, instead of at all of them
    #[arg(long, value_name = "SLUG")]
    tenant: Option<Slug>,
    /// Why, for whoever reads the list
    #[arg(long, value_name = "TEXT", default_value = "added by an operator")]
    reason: String,
    /// For how long, such as 90min or 7d [default: until it is removed]
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    time: Option<SignedDuration>,
    /// Serve it whatever else the same list says, instead of refusing it
    #[arg(long)]
    allow: bool,
}

/// An address, which is a network of one, or a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network(IpNet);

#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum InvalidNetwork {
    #[error("that is everybody")]
    Everybody,
    #[error("an address such as 203.0.113.7 or a network such as 203.0.113.0/24")]
    Text,
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| InvalidNetwork::Text)?,
        };
        // In the form in which lists keep it.
        let network = Block::new(network, "").network();
        if network.prefix_len() == 0 {
            return Err(InvalidNetwork::Everybody);
        }
        Ok(Self(network))
    }
}

/// An entry as commands show it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    record: BlockRecord,
    tenant: Option<Slug>,
}

impl BlockCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        match self {
            Self::Add(add) => add.run(platform).await,
            Self::List { tenant } => list(platform, tenant).await,
            Self::Remove {
                network: Network(network),
                tenant,
                allow,
            } => {
                let tenant_id = tenant_id(platform, tenant.as_ref()).await?;
                let mut tx = platform.database().platform(platform.scope()).await?;
                let removed = blocks::remove(&mut tx, network, tenant_id, effect(allow)).await?;
                tx.commit().await?;
                if !removed {
                    return Err(Failure::new(format!(
                        "the list has no such entry for {network}: `block list` shows what it has"
                    )));
                }
                Output::text(
                    &json!({ "network": network, "removed": true }),
                    format!("{network} is out of the list."),
                )
            }
        }
    }
}

impl Add {
    async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        let Network(network) = self.network;
        let tenant_id = tenant_id(platform, self.tenant.as_ref()).await?;
        let block = Block::new(network, &self.reason).effect(effect(self.allow));
        let block = match tenant_id {
            Some(tenant_id) => block.of_tenant(tenant_id),
            None => block,
        };
        let block = match self.time {
            Some(time) => block.until(Timestamp::now().checked_add(time).unwrap_or(Timestamp::MAX)),
            None => block,
        };
        let record = BlockRecord::of(&block);
        let mut tx = platform.database().platform(platform.scope()).await?;
        blocks::put(&mut tx, &record).await?;
        tx.commit().await?;
        let tenant = self.tenant;
        Output::document(&Shown { record, tenant })
    }
}

async fn list(platform: &Platform, only: Option<Slug>) -> Result<Output, Failure> {
    let only_id = tenant_id(platform, only.as_ref()).await?;
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let records = blocks::list(&mut tx).await?;
    tx.commit().await?;
    let slugs = platform.slugs().await?;
    let shown = records
        .into_iter()
        .filter(|record| only_id.is_none() || record.tenant_id == only_id);
    let shown = shown.map(|record| Shown {
        tenant: record.tenant_id.and_then(|id| slugs.get(&id).cloned()),
        record,
    });
    let shown: Vec<_> = shown.collect();
    let cells = shown.iter().map(|Shown { record, tenant }| {
        [
            record.network.to_string(),
            record.effect.to_owned(),
            tenant.as_ref().map(Slug::to_string).unwrap_or_default(),
            record
                .until
                .map(|until| until.to_string())
                .unwrap_or_default(),
            record.reason.clone(),
        ]
    });
    Output::table(
        &shown,
        ["NETWORK", "EFFECT", "TENANT", "UNTIL", "REASON"],
        cells,
    )
}

async fn tenant_id(platform: &Platform, slug: Option<&Slug>) -> Result<Option<TenantId>, Failure> {
    match slug {
        Some(slug) => Ok(Some(platform.tenant(slug).await?.id)),
        None => Ok(None),
    }
}

fn effect(allow: bool) -> Effect {
    if allow { Effect::Allow } else { Effect::Block }
}

/// A time as people write it.
pub(super) fn time(text: &str) -> Result<SignedDuration, String> {
    let days = SpanRelativeTo::days_are_24_hours();
    let time = text.parse().and_then(|span: Span| span.to_duration(days));
    let time = time.map_err(|error| error.to_string())?;
    if time.is_positive() {
        Ok(time)
    } else {
        Err("that is over already".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_in_any_form_but_not_as_everybody() {
        let check = |text: &str, expected: Option<&str>| {
            let network = text.parse::<Network>().ok();
            let network = network.map(|Network(network)| network.to_string());
            assert_eq!(network.as_deref(), expected, "{text}");
        };
        check("203.0.113.7", Some("203.0.113.7/32"));
        check("203.0.113.7/24", Some("203.0.113.0/24"));
        check("::ffff:203.0.113.7", Some("203.0.113.7/32"));
        check("2001:db8::1/32", Some("2001:db8::/32"));
        check("0.0.0.0/0", None);
        check("::/0", None);
        check("example.com", None);
    }

    #[test]
    fn a_time_is_as_people_write_it() {
        assert_eq!(time("90min"), Ok(SignedDuration::from_mins(90)));
        assert_eq!(time("7d"), Ok(SignedDuration::from_hours(7 * 24)));
        assert!(time("-1h").is_err());
        assert!(time("soon").is_err());
    }
}
