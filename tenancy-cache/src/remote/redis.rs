use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt as _;
use metrics::gauge;
use tenancy_core::redis::{
    BreakerState, Command, Event, EvictionScope, Redis, Script, Subscription, Value,
};
use tenancy_core::{Error, ErrorKind};
use tokio::sync::Mutex;

use super::{
    Bucket, LeaseAnswer, LeaseRequest, Logged, News, Place, Reading, Receipt, Remote, Told,
    Versions, Wanted,
};
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
    lease: Script,
    news: Script,
    release: Script,
    renew: Script,
    take: Script,
    tell: Script,
    versions: Script,
    write: Script,
}

/// For how long told flushes are gathered before logs are read.
const GATHER: Duration = Duration::from_millis(1);

/// A hundred years.
const LIFE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How many keys are read at once.
const KEYS_MAX: usize = 1000;

/// A bucket's generation, made where it is missing.
const GENERATION: &str = "local generation = redis.call('GET', KEYS[1])
    if not generation then generation = ARGV[1] redis.call('SET', KEYS[1], generation) end
    ";

/// A place that is no longer in the log is of another, or has left it at its beginning; no generation
/// is 0. If there is what was older, or nothing at all, then the log's end was lost with a server, and
/// versions with it: a new generation ends what depends on them.
const NEWS: &str = "local number = redis.call('GET', KEYS[2]) or '0'
    local time = redis.call('TIME')
    local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
    if ARGV[2] == '' then
        local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
        return {generation, number, last[1] and last[1][1] or '0-0', now, {}}
    end
    if ARGV[2] ~= '0-0' and #redis.call('XRANGE', KEYS[3], ARGV[2], ARGV[2]) == 0 then
        local older = redis.call('XRANGE', KEYS[3], '-', ARGV[2], 'COUNT', 1)
        if #older > 0 or redis.call('XLEN', KEYS[3]) == 0 then
            redis.call('SET', KEYS[1], ARGV[1])
        end
        return {'0', number, '', now, {}}
    end
    local events = redis.call('XRANGE', KEYS[3], '(' .. ARGV[2], '+', 'COUNT', 128)
    return {generation, number, '', now, events}";

const TELL: &str = "local number = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', 4096, '*', 'n', number, 'e', ARGV[2])
    for i = 4, #KEYS do
        redis.call('HSET', KEYS[i], ARGV[3], ARGV[4], 'n', number)
        redis.call('PEXPIRE', KEYS[i], ARGV[5])
    end
    redis.call('PUBLISH', ARGV[6], ARGV[7])
    return {generation, number}";

const RENEW: &str = "redis.call('SET', KEYS[1], ARGV[1])
    redis.call('PUBLISH', ARGV[2], ARGV[3])
    return 1";

const VERSIONS: &str = "local number = redis.call('GET', KEYS[2]) or '0'
    local answer = {generation, number}
    for i = 3, #KEYS do
        redis.call('HSETNX', KEYS[i], 'h', ARGV[2])
        redis.call('HSETNX', KEYS[i], 's', ARGV[2])
        redis.call('PEXPIRE', KEYS[i], ARGV[3])
        local versions = redis.call('HMGET', KEYS[i], 'h', 's', 'n')
        answer[#answer + 1] = versions[1]
        answer[#answer + 1] = versions[2]
        answer[#answer + 1] = versions[3] or '0'
    end
    return answer";

/// Takes a lease if nobody has it, or one whose load a flush has doomed, and the payload is what the
/// caller has read; or prolongs it.
const LEASE: &str = "local lease = redis.call('HMGET', KEYS[2], 'token', 'flushes', 'versions')
    local is_held = lease[1] and lease[1] ~= ARGV[1]
    if ARGV[3] == 'prolong' then
        if lease[1] ~= ARGV[1] then return 0 end
    else
        local is_doomed = is_held and lease[3] ~= ARGV[5] and tonumber(lease[2]) < tonumber(ARGV[4])
        if is_held and not is_doomed then return 0 end
        if redis.call('GETRANGE', KEYS[1], 4, 11) ~= ARGV[3] then return 2 end
        redis.call('HSET', KEYS[2], 'token', ARGV[1], 'flushes', ARGV[4], 'versions', ARGV[5])
    end
    redis.call('PEXPIRE', KEYS[2], ARGV[2])
    return 1";

const RELEASE: &str = "if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])";

const TAKE: &str = "redis.call('DEL', KEYS[2])
    return redis.call('GETDEL', KEYS[1])";

const WRITE: &str =
    "if ARGV[3] ~= '' and redis.call('HGET', KEYS[2], 'token') ~= ARGV[3] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    redis.call('DEL', KEYS[2])
    return 1";

impl RedisRemote {
    /// The remote tier of caches whose keys begin with this prefix.
    ///
    /// `entry_life_max` is how long any entry lives, stale time included: versions outlive it. A
    /// version that is lost earlier ends entries and never lets one live on. A prefix without braces,
    /// which name a cluster's slots.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(redis: &Redis, prefix: &str, entry_life_max: Duration) -> Self {
        let subscription = redis.subscribe(&channel(prefix));
        let with_generation = |text: &str| Script::new(&format!("{GENERATION}{text}"));
        Self {
            redis: redis.clone(),
            prefix: prefix.to_owned(),
            version_life: entry_life_max.saturating_add(Duration::from_secs(3600)),
            subscription: Mutex::new(subscription),
            scripts: Scripts {
                lease: Script::new(LEASE),
                news: with_generation(NEWS),
                release: Script::new(RELEASE),
                renew: Script::new(RENEW),
                take: Script::new(TAKE),
                tell: with_generation(TELL),
                versions: with_generation(VERSIONS),
                write: Script::new(WRITE),
            },
        }
    }

    /// Whether a server or cluster keeps what a cache relies on. Ask at start, and say to the operator
    /// what the error's source says. Where keys with a time to live may be dropped the cache is at
    /// home; where any key may, it would be right and of little use, for the loss of a log of
    /// flushes ends all entries.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where any key may be dropped, and what
    /// [`Redis::eviction`] gives.
    pub async fn check(redis: &Redis) -> Result<(), Error> {
        let eviction = redis.eviction().await?;
        match eviction.scope() {
            EvictionScope::Nothing | EvictionScope::ExpiringKeys => Ok(()),
            EvictionScope::Unknown => {
                tracing::warn!("{eviction}");
                Ok(())
            }
            EvictionScope::AnyKey => {
                let told = eviction.to_string();
                Err(Error::with_source(ErrorKind::InvalidInput, told))
            }
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

    fn reads(&self, keys: &[Vec<u8>]) -> impl Iterator<Item = Command> {
        keys.iter()
            .map(|key| Command::new("GET").key(self.entry_key(key)))
    }

    /// The keys of an entry and its lease, in one slot.
    fn entry_keys(&self, key: &[u8]) -> [Vec<u8>; 2] {
        let entry = self.entry_key(key);
        let lease = [&entry, b"l".as_slice()].concat();
        [entry, lease]
    }

    fn entry_key(&self, key: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), b"{e", key, b"}"].concat()
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
        let breakers = self.redis.breakers().into_iter();
        let open = breakers.filter(|(_, state)| *state != BreakerState::Closed);
        gauge!("tenancy_cache_remote_breakers_open").set(open.count() as f64);
        answers
            .into_iter()
            .map(|answer| read_news(answer?))
            .collect()
    }

    async fn tell(&self, told: &Told) -> Result<Receipt, Error> {
        if let Some(key) = &told.removed {
            // First, lest who hears of it reads it again.
            self.take(key).await?;
        }
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
        let arguments: [Vec<u8>; 7] = [
            random().to_string().into(),
            told.event.clone(),
            field.into(),
            told.version.to_string().into(),
            milliseconds(self.version_life).into(),
            channel(&self.prefix).into(),
            told.bucket.number().to_string().into(),
        ];
        let call = self.scripts.tell.call(keys, arguments);
        let [generation, number] = parts(self.redis.command(call).await?)?;
        Ok(Receipt {
            generation: unsigned(generation)?,
            number: unsigned(number)?,
        })
    }

    async fn renew(&self, bucket: Bucket) -> Result<(), Error> {
        let [generation, ..] = self.keys(bucket);
        let arguments = [
            random().to_string(),
            channel(&self.prefix),
            bucket.number().to_string(),
        ];
        let call = self.scripts.renew.call([generation], arguments);
        self.redis.command(call).await.map(drop)
    }

    async fn read(&self, keys: &[Vec<u8>], wanted: &[Wanted]) -> Result<Reading, Error> {
        let versions = wanted.iter().map(|Wanted { bucket, names }| {
            let [generation, number, _] = self.keys(*bucket);
            let mut keys = vec![generation, number];
            keys.extend(names.iter().map(|name| self.key(*bucket, "v", name)));
            let life = milliseconds(self.version_life);
            let arguments = [random().to_string(), random().to_string(), life];
            self.scripts.versions.call(keys, arguments)
        });
        let mut commands: Vec<_> = versions.collect();
        let mut chunks = keys.chunks(KEYS_MAX);
        commands.extend(self.reads(chunks.next().unwrap_or_default()));
        let mut answers = self.redis.pipeline(commands).await.into_iter();
        let versions = answers.by_ref().take(wanted.len());
        let versions = versions
            .map(|answer| read_versions(answer?))
            .collect::<Result<_, _>>()?;
        let payload = |answer: Result<Value, Error>| answer?.into_bytes();
        let mut payloads: Vec<_> = answers.map(payload).collect::<Result<_, _>>()?;
        for chunk in chunks {
            let answers = self.redis.pipeline(self.reads(chunk).collect()).await;
            for answer in answers {
                payloads.push(payload(answer)?);
            }
        }
        Ok(Reading { payloads, versions })
    }

    async fn write(
        &self,
        key: &[u8],
        payload: Vec<u8>,
        life: Duration,
        token: Option<u64>,
    ) -> Result<bool, Error> {
        let token = token.map(|token| token.to_string()).unwrap_or_default();
        let arguments = [payload, milliseconds(life).into(), token.into()];
        let call = self.scripts.write.call(self.entry_keys(key), arguments);
        Ok(self.redis.command(call).await?.into_integer()? == 1)
    }

    async fn take(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let arguments: [Vec<u8>; 0] = [];
        let call = self.scripts.take.call(self.entry_keys(key), arguments);
        self.redis.command(call).await?.into_bytes()
    }

    async fn lease(
        &self,
        asked: &[LeaseRequest],
        life: Duration,
    ) -> Vec<Result<LeaseAnswer, Error>> {
        let call = |asked: &LeaseRequest| {
            let mark = asked.mark.clone().unwrap_or_else(|| b"prolong".to_vec());
            let arguments = [
                asked.token.to_string().into(),
                milliseconds(life).into(),
                mark,
                asked.seen.flushes.to_string().into(),
                asked.seen.versions.to_string().into(),
            ];
            self.scripts
                .lease
                .call(self.entry_keys(&asked.key), arguments)
        };
        let answers = self.redis.pipeline(asked.iter().map(call).collect()).await;
        let answer = |answer: Result<Value, Error>| match answer?.into_integer()? {
            0 => Ok(LeaseAnswer::Busy),
            1 => Ok(LeaseAnswer::Held),
            _ => Ok(LeaseAnswer::Changed),
        };
        answers.into_iter().map(answer).collect()
    }

    async fn release(&self, key: &[u8], token: u64) -> Result<(), Error> {
        let [_, lease] = self.entry_keys(key);
        let call = self.scripts.release.call([lease], [token.to_string()]);
        self.redis.command(call).await.map(drop)
    }

    async fn wait(&self) -> Vec<Bucket> {
        let mut subscription = self.subscription.lock().await;
        let mut grown = BTreeSet::new();
        let mut event = Some(subscription.next().await);
        // Those that come together are read together.
        tokio::time::sleep(GATHER).await;
        while let Some(some) = event {
            // Whatever was missed may have been of any bucket.
            let Some(number) = told_of(&some) else {
                return Vec::new();
            };
            grown.insert(number);
            event = subscription.next().now_or_never();
        }
        grown.into_iter().map(Bucket).collect()
    }
}

/// The bucket that a message is of.
fn told_of(event: &Event) -> Option<u16> {
    let Event::Message(message) = event else {
        return None;
    };
    let number = str::from_utf8(message).ok()?.parse().ok()?;
    (number <= Bucket::PLATFORM.number()).then_some(number)
}

/// At least one, and no more than Redis takes.
fn milliseconds(time: Duration) -> String {
    time.clamp(Duration::from_millis(1), LIFE_MAX)
        .as_millis()
        .to_string()
}

/// Never 0, which stands for nothing known.
fn random() -> u64 {
    fastrand::u64(1..)
}

fn read_news(answer: Value) -> Result<News, Error> {
    let [generation, number, end, now, events] = parts(answer)?;
    let now = unsigned(now)?;
    let event = |event: Value| {
        let [place, fields] = parts(event)?;
        let [_, number, _, event] = parts(fields)?;
        let place = text(place)?;
        // A place begins with the milliseconds of its time.
        let told_at = place.split('-').next().and_then(|time| time.parse().ok());
        let age = now.saturating_sub(told_at.unwrap_or(now));
        Ok(Logged {
            place: Place(place),
            number: unsigned(number)?,
            event: event.into_bytes()?.ok_or(ErrorKind::Corrupt)?,
            age: Duration::from_millis(age),
        })
    };
    Ok(News {
        generation: unsigned(generation)?,
        number: unsigned(number)?,
        end: Place(text(end)?),
        now: Duration::from_millis(now),
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
            .chunks_exact(3)
            .map(|of_one| (of_one[0], of_one[1], of_one[2]))
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
