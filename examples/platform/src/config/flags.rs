use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tenancy_core::resolve::Host;

use super::{Origin, Proxies};

/// The settings that have a flag; one that is not given is left to the other sources.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Flags {
    /// Folder of SQLite's files [default: platform-data]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,

    /// PostgreSQL to serve from; SQLite without it (TENANCY_DATABASE_URL keeps it out of `ps`)
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,

    /// Redis or Valkey to share the cache through; memory without it (TENANCY_REDIS_URL keeps it out
    /// of `ps`)
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    redis_url: Option<String>,

    /// Domain under which shops have theirs: `SLUG.DOMAIN` [default: the host of the public URL]
    #[arg(
        long,
        global = true,
        value_name = "DOMAIN",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    base_domain: Option<Host>,

    /// Where visitors find the platform [default: http://localhost and the port listened on]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<Origin>,

    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,

    /// Networks of the proxies in front, such as 10.0.0.0/8,192.0.2.7/32
    #[arg(
        long,
        global = true,
        value_name = "NETWORKS",
        help_heading = "Configuration"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxies: Option<Proxies>,
}
