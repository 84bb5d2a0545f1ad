use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tenancy_core::redis::{Command, Redis, Script, Subscription, Value};
use tenancy_core::{Error, ErrorKind};
use tokio::sync::Mutex;

use super::{Bucket, News, Place, Reading, Remote, Told, Versions, Wanted};
use crate::version::Flush;

/// The cache's remote tier in Redis or Valkey, on a server or a cluster.
///
/// Keys begin with a prefix. A bucket's keys lie in one slot, and are few; entries are spread. All
/// but three small keys of each bucket end by themselves.
#[derive(Debug)]
pub struct RedisRemote {
    redis: Redis,
    prefix: String,
    version_life: Duration,
    subscription: Mutex<Subscription>,
    scripts: Scripts,
}

#[derive(Debug)]
struct Scripts {
    news: Script,
    renew: Script,
    tell: Script,
    versions: Script,
}

/// A bucket's generation, made where it is missing.
const GENERATION: &str = "local generation = redis.call('GET', KEYS[1])
    if not generation then generation = ARGV[1] redis.call('SET', KEYS[1], generation) end
    ";

const NEWS: &str = "local number = redis.call('GET', KEYS[2]) or '0'
    if ARGV[2] == '' then
        local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
        return {generation, number, last[1] and last[1][1] or '0-0', {}}
    end
    local events = redis.call('XRANGE', KEYS[3], '(' .. ARGV[2], '+', 'COUNT', 512)
    return {generation, number, '', events}";

const TELL: &str = "local number = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', 4096, '*', 'n', number, 'e', ARGV[2])
    for i = 4, #KEYS do
        redis.call('HSET', KEYS[i], ARGV[3], ARGV[4])
        redis.call('PEXPIRE', KEYS[i], ARGV[5])
    end
    redis.call('PUBLISH', ARGV[6], number)
    return number";

const RENEW: &str = "redis.call('SET', KEYS[1], ARGV[1])
    redis.call('PUBLISH', ARGV[2], 0)
    return 1";

const VERSIONS: &str = "local number = redis.call('GET', KEYS[2]) or '0'
    local answer = {generation, number}
    for i = 3, #KEYS do
        redis.call('HSETNX', KEYS[i], 'h', ARGV[2])
        redis.call('HSETNX', KEYS[i], 's', ARGV[2])
        redis.call('PEXPIRE', KEYS[i], ARGV[3])
        local versions = redis.call('HMGET', KEYS[i], 'h', 's')
        answer[#answer + 1] = versions[1]
        answer[#answer + 1] = versions[2]
    end
    return answer";

impl RedisRemote {
    /// The remote tier of caches whose keys begin with this prefix.
    ///
    /// `entry_life_max` is how long any entry lives, stale time included: versions outlive it. A
    /// version that is lost earlier ends entries and never lets one live on.
    pub fn new(redis: &Redis, prefix: &str, entry_life_max: Duration) -> Self {
        let subscription = redis.subscribe(&channel(prefix));
        let with_generation = |text: &str| Script::new(&format!("{GENERATION}{text}"));
        Self {
            redis: redis.clone(),
            prefix: prefix.to_owned(),
            version_life: entry_life_max + Duration::from_secs(3600),
            subscription: Mutex::new(subscription),
            scripts: Scripts {
                news: with_generation(NEWS),
                renew: Script::new(RENEW),
                tell: with_generation(TELL),
                versions: with_generation(VERSIONS),
            },
        }
    }

    /// The keys of a bucket: generation, number, log.
    fn keys(&self, bucket: Bucket) -> [Vec<u8>; 3] {
        ["g", "n", "l"].map(|kind| self.key(bucket, kind, &[]))
    }

    fn key(&self, bucket: Bucket, kind: &str, name: &[u8]) -> Vec<u8> {
        let Self { prefix, .. } = self;
        let start = format!("{prefix}{{{prefix}{}}}{kind}", bucket.number());
        [start.as_bytes(), name].concat()
    }

    fn entry_key(&self, key: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), b"e", key].concat()
    }
}

fn channel(prefix: &str) -> String {
    format!("{prefix}news")
}

#[async_trait]
impl Remote for RedisRemote {
    async fn news(&self, asked: &[(Bucket, Place)]) -> Vec<Result<News, Error>> {
        let call = |(bucket, place): &(Bucket, Place)| {
            let arguments = [random().to_string(), place.0.clone()];
            self.scripts.news.call(self.keys(*bucket), arguments)
        };
        let answers = self.redis.pipeline(asked.iter().map(call).collect()).await;
        answers
            .into_iter()
            .map(|answer| read_news(answer?))
            .collect()
    }

    async fn tell(&self, told: &Told) -> Result<(), Error> {
        let mut keys = Vec::from(self.keys(told.bucket));
        keys.extend(
            told.names
                .iter()
                .map(|name| self.key(told.bucket, "v", name)),
        );
        let field = match told.how {
            Flush::Hard => "h",
            Flush::Soft => "s",
        };
        let arguments: [Vec<u8>; 6] = [
            random().to_string().into(),
            told.event.clone(),
            field.into(),
            told.version.to_string().into(),
            self.version_life.as_millis().to_string().into(),
            channel(&self.prefix).into(),
        ];
        let call = self.scripts.tell.call(keys, arguments);
        self.redis.command(call).await.map(drop)
    }

    async fn renew(&self, bucket: Bucket) -> Result<(), Error> {
        let [generation, ..] = self.keys(bucket);
        let arguments = [random().to_string(), channel(&self.prefix)];
        let call = self.scripts.renew.call([generation], arguments);
        self.redis.command(call).await.map(drop)
    }

    async fn read(&self, keys: &[Vec<u8>], wanted: &[Wanted]) -> Result<Reading, Error> {
        let versions = wanted.iter().map(|Wanted { bucket, names }| {
            let [generation, number, _] = self.keys(*bucket);
            let mut keys = vec![generation, number];
            keys.extend(names.iter().map(|name| self.key(*bucket, "v", name)));
            let life = self.version_life.as_millis();
            let arguments = [random().to_string(), random().to_string(), life.to_string()];
            self.scripts.versions.call(keys, arguments)
        });
        let mut commands: Vec<_> = versions.collect();
        for key in keys {
            let key = self.entry_key(key);
            commands.push(Command::new("PTTL").key(key.clone()));
            commands.push(Command::new("GET").key(key));
        }
        let mut answers = self.redis.pipeline(commands).await.into_iter();
        let versions = answers.by_ref().take(wanted.len());
        let versions = versions
            .map(|answer| read_versions(answer?))
            .collect::<Result<_, _>>()?;
        let mut payloads = Vec::with_capacity(keys.len());
        while let (Some(left), Some(payload)) = (answers.next(), answers.next()) {
            // Negative where there is no key.
            let left = u64::try_from(left?.into_integer()?).ok();
            payloads.push(payload?.into_bytes()?.zip(left));
        }
        Ok(Reading { payloads, versions })
    }

    async fn write(&self, key: &[u8], payload: Vec<u8>, milliseconds: u64) -> Result<(), Error> {
        let set = Command::new("SET")
            .key(self.entry_key(key))
            .arg(payload)
            .arg("PX")
            .arg(milliseconds.max(1));
        self.redis.command(set).await.map(drop)
    }

    async fn take(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let take = Command::new("GETDEL").key(self.entry_key(key));
        self.redis.command(take).await?.into_bytes()
    }

    async fn wait(&self) {
        let mut subscription = self.subscription.lock().await;
        // Whatever it is: what was told, and what was missed, is in the logs.
        subscription.next().await;
    }
}

/// Never 0, which stands for nothing known.
fn random() -> u64 {
    fastrand::u64(1..)
}

fn read_news(answer: Value) -> Result<News, Error> {
    let [generation, number, end, events] = parts(answer)?;
    let event = |event: Value| {
        let [place, fields] = parts(event)?;
        let [_, number, _, event] = parts(fields)?;
        let event = event.into_bytes()?.ok_or(ErrorKind::Corrupt)?;
        Ok((Place(text(place)?), unsigned(number)?, event))
    };
    Ok(News {
        generation: unsigned(generation)?,
        number: unsigned(number)?,
        end: Place(text(end)?),
        events: events
            .into_array()?
            .into_iter()
            .map(event)
            .collect::<Result<_, Error>>()?,
    })
}

fn read_versions(answer: Value) -> Result<Versions, Error> {
    let mut numbers = answer.into_array()?.into_iter().map(unsigned);
    let mut next = || numbers.next().unwrap_or(Err(ErrorKind::Corrupt.into()));
    let (generation, number) = (next()?, next()?);
    let rest = numbers.collect::<Result<Vec<_>, _>>()?;
    Ok(Versions {
        generation,
        number,
        versions: rest
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect(),
    })
}

fn parts<const N: usize>(value: Value) -> Result<[Value; N], Error> {
    let parts = value.into_array()?;
    parts.try_into().map_err(|_| ErrorKind::Corrupt.into())
}

fn text(value: Value) -> Result<String, Error> {
    let bytes = value.into_bytes()?.ok_or(ErrorKind::Corrupt)?;
    String::from_utf8(bytes.into()).map_err(|error| Error::with_source(ErrorKind::Corrupt, error))
}

/// Versions are numbers of 64 bits without a sign, so they travel as text.
fn unsigned(value: Value) -> Result<u64, Error> {
    if let Value::Integer(number) = value {
        return u64::try_from(number)
            .map_err(|error| Error::with_source(ErrorKind::Corrupt, error));
    }
    let text = text(value)?;
    text.parse()
        .map_err(|error| Error::with_source(ErrorKind::Corrupt, error))
}
