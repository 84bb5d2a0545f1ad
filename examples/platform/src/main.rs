//! A multi-tenant commerce platform in one program: the shops, their API and their command line.
//!
//! `main` reads what was asked for and says how it went; [`platform`] wires the parts together.

mod advice;
mod alerts;
mod api;
mod background;
mod bench;
mod blocks;
mod cli;
mod command;
mod config;
mod control;
mod defence;
mod demo;
mod edge;
mod failure;
mod health;
mod keys;
mod logging;
mod measure;
mod media;
mod onboard;
mod overview;
mod pages;
mod performance;
mod pictures;
mod platform;
mod readiness;
mod secret;
mod server;
mod servers;
mod shared;
mod shop;
mod sign_in;
mod site;
mod slow_queries;
mod tables;
mod threats;
mod users;
mod why;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tenancy_observability::memory::CountingAllocator;

use self::bench::ServerLikeThis;
use self::cli::Cli;
use self::command::{Command, Output};
use self::config::Config;
use self::failure::Failure;

/// Counts what each request asks for.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// How long errors may be on their way when everything else has ended.
const SENTRY_TIME: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return command::usage(&error),
    };
    let json = cli.json;
    let status = cli.command.as_ref().map_or(1, Command::failure_status);
    match run(cli).await {
        Ok(code) => code,
        Err(failure) => {
            failure.print(json);
            ExitCode::from(status)
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let config = Config::load(cli.config.as_deref(), &cli.flags)?;
    let config = match cli.command {
        Some(Command::BenchServer) => bench::server_config(config),
        _ => config,
    };
    if cli.print_config {
        return Output::document(&config)?.print(cli.json);
    }
    let serves = matches!(cli.command, None | Some(Command::Serve));
    let slow = serves.then(|| slow_queries::begin(&config.slow_queries));
    let sentry = logging::start(&config, slow)?;
    let done = command(cli, config).await;
    if let Some(sentry) = sentry {
        // What the end itself has said is sent, too.
        tokio::task::block_in_place(|| sentry.close(SENTRY_TIME));
    }
    done
}

async fn command(cli: Cli, config: Config) -> Result<ExitCode, Failure> {
    match cli.command {
        None => command::serve_embedded(config)
            .await
            .map(|()| ExitCode::SUCCESS),
        Some(Command::Bench(command)) => {
            let config_file = cli.config.as_deref();
            let like_this = ServerLikeThis::new(config_file, &cli.flags)?;
            command.run(config, &like_this, cli.json).await
        }
        Some(Command::BenchServer) => bench::serve(config).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Serve) => command::serve(config).await.map(|()| ExitCode::SUCCESS),
        Some(command) => command.run(config).await?.print(cli.json),
    }
}
