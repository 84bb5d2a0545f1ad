use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::{Seconds, Within};

/// What shops may upload.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    /// Where the files are; `media` under `data` unless set. All servers of one platform share it.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) file_bytes_max: Within<1, 1_073_741_824>,
    /// How many bytes the files of one shop may have together.
    pub(crate) quota_bytes: Within<0, 1_125_899_906_842_624>,
    /// The largest picture; each frame of a moving one is such.
    pub(crate) pixels_max: Within<1, 1_000_000_000>,
    /// The longest time for the whole of an upload, in the place of `http.request_seconds`.
    pub(crate) upload_seconds: Seconds,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            folder: None,
            file_bytes_max: Within::new(10 * 1024 * 1024),
            quota_bytes: Within::new(5 * 1024 * 1024 * 1024),
            pixels_max: Within::new(64_000_000),
            upload_seconds: Within::new(300),
        }
    }
}

impl Media {
    pub(crate) fn upload_time(&self) -> Duration {
        Duration::from_secs(self.upload_seconds.get())
    }
}
