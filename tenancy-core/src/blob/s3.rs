mod observed;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, RetryConfig};

use self::observed::ObservedConnector;
use super::store::BlobStore;
use crate::error::{Error, ErrorKind};
use crate::outbound::Exchange;

/// How long a connection may take, and how long an answer or the next piece of it.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(20);

/// How often and how long a call is tried again; the bound of [`Blobs`](super::Blobs) holds for all of it.
const RETRIES: usize = 2;
const RETRY_TIME: Duration = Duration::from_secs(20);

impl BlobStore {
    /// In a bucket of S3, or of a service that speaks its language. `url` is `s3://BUCKET`; `options` are
    /// named as by the `object_store` crate: `access_key_id`, `secret_access_key`, `region`, `endpoint`.
    ///
    /// A put that was cut off leaves parts that nobody sees and that are paid for where the process was
    /// cut off with it: give the bucket a rule that ends incomplete uploads after a day.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for an option that does not exist or fit.
    pub fn s3<'a>(
        url: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        Self::bucket(AmazonS3Builder::new(), url, options)
    }

    /// The same, and tells of each request once the head of its answer is there or will not be; what is tried
    /// again is told of each time. It is called while the caller waits, so it must not wait for anything.
    ///
    /// # Errors
    /// As [`s3`](Self::s3).
    pub fn s3_observed<'a>(
        url: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
        by: impl Fn(&Exchange<'_>) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let connector = ObservedConnector::new(by);
        let bucket = AmazonS3Builder::new().with_http_connector(connector);
        Self::bucket(bucket, url, options)
    }

    fn bucket<'a>(
        bucket: AmazonS3Builder,
        url: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        let invalid = |error| Error::with_source(ErrorKind::InvalidInput, error);
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT)
            .with_read_timeout(READ);
        let mut bucket = bucket
            .with_url(url)
            .with_client_options(client)
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: RETRY_TIME,
                ..RetryConfig::default()
            });
        for (name, value) in options {
            let name = AmazonS3ConfigKey::from_str(name).map_err(invalid)?;
            bucket = bucket.with_config(name, value);
        }
        let bucket = bucket.build().map_err(invalid)?;
        Ok(Self::service(Arc::new(bucket)))
    }
}
