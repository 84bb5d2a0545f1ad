//! Load tests that do not flatter the server.

mod caller;
mod client;
mod endpoint;
mod generator;
mod histogram;
mod mix;
mod model;
mod plan;
mod progress;
mod recorder;
mod run;
mod series;
mod target;
mod timeline;

pub use self::caller::Caller;
pub use self::client::Connections;
pub use self::endpoint::{Call, Endpoint};
pub use self::generator::Generator;
pub use self::histogram::Figures;
pub use self::model::{InvalidRate, Model, Rate};
pub use self::plan::{ENDPOINTS_MAX, InvalidLoadTest, LoadTest, LoadTestBuilder};
pub use self::progress::Progress;
pub use self::recorder::{NAMED_CALLERS_MAX, Recorded, Recorder};
pub use self::run::{Ended, Named, Run, Runner};
pub use self::series::{Ending, Sample, Series};
pub use self::target::{InvalidTarget, Reach, Target};
pub use self::timeline::Interval;
