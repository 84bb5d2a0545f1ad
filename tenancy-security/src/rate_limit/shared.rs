use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;
use tenancy_core::redis::{Command, Redis, Script, Value};
use tenancy_core::{Error, ErrorKind};

use super::caller::Key;
use super::class::Charge;
use super::decision::{Charged, Decision, Outcome, Outcomes, Verdict};
use super::quota::Quota;

/// How many refusals are remembered, so that whoever goes on asking costs the store nothing.
const DENIALS: usize = 10_000;

/// Levels travel as millionths, for Redis cuts fractions off.
const LEVEL_SCALE: f64 = 1_000_000.0;

/// What each key used and when, by the server's clock: `used` leaks away with time, so that it is
/// the quota at hand that says how fast. Checks every key before it writes any.
///
/// For each key it answers how much is used now and after how many microseconds the cost fits, -1
/// if never.
const TAKE: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local cost = tonumber(ARGV[1])
    local levels, answer, fits = {}, {1}, true
    for i, key in ipairs(KEYS) do
        local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
        local level = 0
        local state = redis.call('GET', key)
        if state then
            local used, at = string.match(state, '^(%S+) (%S+)$')
            local leaked = math.max(0, now - at) * amount / window
            level = math.min(amount, math.max(0, used - leaked))
        end
        local excess = level + cost - amount
        local wait = 0
        if cost > amount then
            wait = -1
        elseif excess > 1e-6 then
            wait = math.max(1, math.ceil(excess * window / amount))
        end
        if wait ~= 0 then fits = false end
        levels[i] = level
        answer[2 * i + 1] = wait
    end
    if not fits then answer[1] = 0 end
    for i, key in ipairs(KEYS) do
        if fits and cost > 0 then
            local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
            levels[i] = levels[i] + cost
            local life = math.ceil(levels[i] * window / amount / 1000) + 1
            redis.call('SET', key, string.format('%.17g %.0f', levels[i], now), 'PX', life)
        end
        answer[2 * i] = math.ceil(levels[i] * 1000000)
    end
    return answer";

/// Takes from what is used, as far as it is still there.
const REFUND: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local cost = tonumber(ARGV[1])
    for i, key in ipairs(KEYS) do
        local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
        local state = redis.call('GET', key)
        if state then
            local used, at = string.match(state, '^(%S+) (%S+)$')
            local level = used - math.max(0, now - at) * amount / window - cost
            if level > 0 then
                local life = math.ceil(level * window / amount / 1000) + 1
                redis.call('SET', key, string.format('%.17g %.0f', level, now), 'PX', life)
            else
                redis.call('DEL', key)
            end
        end
    end
    return 1";

/// What processes count together.
#[derive(Debug)]
pub(super) struct Shared {
    redis: Redis,
    prefix: String,
    take: Script,
    refund: Script,
    denials: Cache<u64, Denial>,
}

/// Until when a key was refused, under which quota.
#[derive(Clone, Copy, Debug)]
struct Denial {
    quota: Quota,
    until: u64,
}

impl Shared {
    pub(super) fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.to_owned(),
            take: Script::new(TAKE),
            refund: Script::new(REFUND),
            denials: Cache::new(DENIALS),
        }
    }

    /// Charges every policy, or none, and says how the caller stands with each.
    ///
    /// `now` is this process's own, in nanoseconds; it is compared with itself only.
    pub(super) async fn take(&self, now: u64, decision: &mut Decision) -> Result<(), Error> {
        if decision.outcomes.is_empty() {
            return Ok(());
        }
        if self.is_denied(now, &mut decision.outcomes, decision.cost) {
            decision.verdict = Verdict::Exceeded;
            return Ok(());
        }
        let answer = self.redis.command(self.call(&self.take, decision)).await?;
        let mut numbers = answer.into_array()?.into_iter().map(Value::into_integer);
        let mut next = || numbers.next().unwrap_or_else(|| Err(unreadable()));
        let fits = next()? == 1;
        for outcome in &mut decision.outcomes {
            outcome.stands_at(next()?, next()?);
            // What may be paid back meanwhile must be asked for each time.
            if outcome.is_exceeded && decision.class.charge == Charge::OnArrival {
                self.remember(now, outcome, decision.cost);
            }
        }
        match fits {
            false => decision.verdict = Verdict::Exceeded,
            true if decision.cost > 0 => decision.charged = Charged::Shared,
            true => {}
        }
        Ok(())
    }

    /// Gives back what was taken; a store that is away keeps it.
    pub(super) async fn refund(&self, decision: &Decision) {
        let command = self.call(&self.refund, decision);
        if let Err(error) = self.redis.command(command).await {
            tracing::debug!(%error, "what a request was charged could not be given back");
        }
    }

    /// Remembers until when not even one is admitted.
    fn remember(&self, now: u64, outcome: &Outcome, cost: u32) {
        let Some(wait) = outcome.wait else {
            return; // one might be
        };
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let denial = Denial {
            quota: outcome.quota,
            until: now.saturating_add(wait.saturating_sub(beyond_one(outcome.quota, cost))),
        };
        self.denials.insert(outcome.hash, denial);
    }

    /// Whether a policy is known to refuse whatever is asked for now, and which. A quota that has
    /// changed since is asked for.
    fn is_denied(&self, now: u64, outcomes: &mut Outcomes, cost: u32) -> bool {
        if cost == 0 {
            return false;
        }
        let mut is_denied = false;
        for outcome in outcomes.iter_mut() {
            let denial = self.denials.get(&outcome.hash);
            let Some(denial) = denial.filter(|denial| denial.quota == outcome.quota) else {
                continue;
            };
            if denial.until > now {
                let wait = (denial.until - now).saturating_add(beyond_one(outcome.quota, cost));
                outcome.is_exceeded = true;
                outcome.wait = (cost <= outcome.quota.amount()).then(|| Duration::from_nanos(wait));
                outcome.reset = outcome.quota.window();
                is_denied = true;
            }
        }
        if is_denied {
            // Of the others nothing is known.
            outcomes.retain(|outcome| outcome.is_exceeded);
        }
        is_denied
    }

    /// All keys of a call lie in one slot of a cluster: the tenant's.
    fn call(&self, script: &Script, decision: &Decision) -> Command {
        let prefix = &self.prefix;
        let tenant = decision
            .tenant_id
            .map_or_else(|| "-".to_owned(), |id| id.to_string());
        let mut keys = vec![];
        let mut arguments = vec![u64::from(decision.cost)];
        for outcome in &decision.outcomes {
            keys.push(format!(
                "{prefix}:limit:{{{tenant}}}:{}",
                name(&outcome.key)
            ));
            arguments.push(u64::from(outcome.quota.amount()));
            arguments.push(u64::from(outcome.quota.window_seconds()) * 1_000_000);
        }
        script.call(keys, arguments)
    }
}

impl Outcome {
    fn stands_at(&mut self, level: i64, wait_microseconds: i64) {
        let level = level as f64 / LEVEL_SCALE;
        let amount = f64::from(self.quota.amount());
        self.left = (amount - level).max(0.0) as u32;
        let share = if amount > 0.0 { level / amount } else { 0.0 };
        self.reset = self.quota.window().mul_f64(share.clamp(0.0, 1.0));
        self.is_exceeded = wait_microseconds != 0;
        let wait = u64::try_from(wait_microseconds).ok();
        self.wait = wait.map(Duration::from_micros);
    }
}

/// How much longer this cost takes than one, in nanoseconds.
fn beyond_one(quota: Quota, cost: u32) -> u64 {
    let more = u64::from(cost.saturating_sub(1));
    quota.pace().interval.saturating_mul(more)
}

/// A key of fixed length that tells nobody who reads the store whose it is, and whose collisions
/// nobody can make.
fn name(key: &Key) -> String {
    let mut name = String::with_capacity(32);
    for byte in &digest(&SHA256, key).as_ref()[..16] {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn unreadable() -> Error {
    Error::with_source(ErrorKind::Database, "the store's answer is too short")
}
