//! Load tests that do not flatter the server.

mod caller;
mod client;
mod compare;
mod endpoint;
mod environment;
mod generator;
mod histogram;
mod mix;
mod model;
mod plan;
mod progress;
mod recorder;
mod report;
mod requirement;
mod run;
mod score;
mod series;
mod target;
mod timeline;

pub use self::caller::Caller;
pub use self::client::Connections;
pub use self::compare::{Change, Compared, Comparison};
pub use self::endpoint::{Call, Endpoint};
pub use self::environment::Environment;
pub use self::generator::Generator;
pub use self::histogram::Figures;
pub use self::model::{InvalidRate, Model, Rate};
pub use self::plan::{ENDPOINTS_MAX, InvalidLoadTest, LoadTest, LoadTestBuilder};
pub use self::progress::Progress;
pub use self::recorder::{NAMED_CALLERS_MAX, Recorded, Recorder};
pub use self::report::{Plan, PlannedEndpoint, Report, UnreadableReport};
pub use self::requirement::{InvalidRequirement, Requirement, Verdict};
pub use self::run::{Ended, Named, Run, Runner};
pub use self::series::{Ending, Sample, Series};
pub use self::target::{InvalidTarget, Reach, Target};
pub use self::timeline::Interval;
