//! Redis or Valkey, a single server or a cluster, for what many processes share.
//!
//! [`Redis`] is a handle to it: [`Command`]s and [`Script`]s, alone or in a pipeline, and
//! [`Subscription`]s. It needs Redis 7 or any Valkey.
//!
//! ```no_run
//! # async fn example() -> Result<(), tenancy_core::Error> {
//! use tenancy_core::redis::{Command, Redis, Script};
//!
//! let redis = Redis::builder("redis://127.0.0.1").build()?;
//! let visits = redis.command(Command::new("INCR").key("visits")).await?;
//! assert!(visits.into_integer()? > 0);
//!
//! let take = Script::new("return redis.call('GETDEL', KEYS[1])");
//! let taken = redis.command(take.call(["once"], [""; 0])).await?;
//! assert!(taken.is_nil());
//! # Ok(())
//! # }
//! ```
//!
//! # While the server is away
//! Nothing waits for longer than its time-out, 50 milliseconds unless set otherwise, and nothing is
//! queued for a server that is not there: each server has a breaker ([`BreakerState`]), and while
//! it is open commands fail at once with [`Unavailable`](crate::ErrorKind::Unavailable). The first
//! command that times out opens it, with [`TimedOut`](crate::ErrorKind::TimedOut). Attempts to
//! connect go on for ever, at most half a second apart, so it makes no difference whether the
//! server is up when a process starts. In a cluster, the loss of one master costs its keys only,
//! until a replica has taken over.
//!
//! What Redis refuses for good, such as a wrong type or a script's own error, is
//! [`Database`](crate::ErrorKind::Database), with Redis' words as the source.
//!
//! # Cancellation
//! A command is never sent twice. One that was dropped, timed out or lost its connection may have
//! been carried out all the same, or be carried out yet; only one that failed at once was not.

mod address;
mod backoff;
mod breaker;
mod client;
mod cluster;
mod command;
mod eviction;
mod inbox;
mod node;
mod reply;
mod script;
mod slot;
mod subscription;
mod topology;
mod value;
mod wire;

pub use self::breaker::BreakerState;
pub use self::client::{Redis, RedisBuilder};
pub use self::command::{Argument, Command};
pub use self::eviction::{Eviction, EvictionScope};
pub use self::script::Script;
pub use self::subscription::{Event, Subscription};
pub use self::value::Value;
