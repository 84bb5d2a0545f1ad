use std::path::PathBuf;

use clap::Parser;

use crate::command::Command;
use crate::config::Flags;

/// A multi-tenant commerce platform in one program.
///
/// Without a command it starts in embedded mode: it keeps its data in SQLite under ./platform-data,
/// sets up three demonstration shops where there is none, and prints their addresses and keys.
///
/// Settings come from flags, from environment variables (TENANCY_ and the setting's name, with __
/// between levels, such as TENANCY_LOG__FILTER), and from the file given with --config, in this
/// order. --print-config shows all of them.
#[derive(Debug, Parser)]
#[command(name = "platform", version)]
pub(crate) struct Cli {
    /// TOML file to read settings from
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Configuration"
    )]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) flags: Flags,

    /// Print the settings in force as JSON, without their secrets, and end
    #[arg(long, global = true, help_heading = "Configuration")]
    pub(crate) print_config: bool,

    /// Print one JSON document, and nothing else, on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
