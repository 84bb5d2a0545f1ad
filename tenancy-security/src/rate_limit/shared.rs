use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use quick_cache::sync::Cache;
use tenancy_core::redis::{Command, Redis, Script, Value};
use tenancy_core::{Error, ErrorKind};

use super::caller::Caller;
use super::class::Charge;
use super::decision::{Charged, Decision, Seen, Standing, Verdict};
use super::policy::Name;
use super::quota::Quota;

/// How many refusals are remembered, so that whoever goes on asking costs the store nothing.
const DENIALS: usize = 10_000;

/// Levels travel as millionths, for Redis cuts fractions off.
const LEVEL_SCALE: u128 = 1_000_000;

/// What each key used and when, by the server's clock: `used` leaks away with time, so that it is
/// the quota at hand that says how fast. Checks every key before it writes any.
///
/// For each key it answers how much is used now, and whether that stands in the way.
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
        local is_exceeded = level + cost > amount + 1e-6
        if is_exceeded then fits = false end
        levels[i] = level
        answer[2 * i + 1] = is_exceeded and 1 or 0
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
    pub(super) async fn take(
        &self,
        now: u64,
        caller: &Caller,
        decision: &mut Decision,
    ) -> Result<(), Error> {
        if decision.standings.is_empty() {
            return Ok(());
        }
        if self.is_denied(now, decision) {
            return Ok(());
        }
        let key = |standing| self.key(caller, &decision.class, standing);
        decision.keys = Some(Box::new(decision.standings.iter().map(key).collect()));
        let answer = self.redis.command(call(&self.take, decision)).await?;
        let mut numbers = answer.into_array()?.into_iter().map(Value::into_integer);
        let mut next = || numbers.next().unwrap_or_else(|| Err(unreadable()));
        let fits = next()? == 1;
        for standing in &mut decision.standings {
            let level = u128::try_from(next()?).unwrap_or(0);
            let debt = (level * u128::from(standing.quota.pace().interval)).div_ceil(LEVEL_SCALE);
            standing.debt = u64::try_from(debt).unwrap_or(u64::MAX);
            standing.seen = match next()? {
                0 => Seen::Within,
                _ => Seen::Exceeded,
            };
        }
        match fits {
            false => {
                decision.verdict = Verdict::Exceeded;
                self.remember(now, decision);
            }
            true if decision.cost > 0 => decision.charged = Charged::Shared,
            true => {}
        }
        Ok(())
    }

    /// Gives back what was taken; a store that is away keeps it.
    pub(super) async fn refund(&self, decision: &Decision) {
        if let Err(error) = self.redis.command(call(&self.refund, decision)).await {
            tracing::debug!(%error, "what a request was charged could not be given back");
        }
    }

    /// Remembers until when not even one is admitted, unless it may be paid back before.
    fn remember(&self, now: u64, decision: &Decision) {
        if decision.charge != Charge::OnArrival {
            return;
        }
        for standing in &decision.standings {
            let wait = standing.quota.pace().wait(standing.debt, 1);
            if let Some(wait) = wait.filter(|wait| *wait > 0) {
                let denial = Denial {
                    quota: standing.quota,
                    until: now.saturating_add(wait),
                };
                self.denials.insert(standing.hash, denial);
            }
        }
    }

    /// Whether a policy is known to refuse whatever is asked for now. A quota that has changed since
    /// is asked for.
    fn is_denied(&self, now: u64, decision: &mut Decision) -> bool {
        if decision.cost == 0 {
            return false;
        }
        for standing in &mut decision.standings {
            let denial = self.denials.get(&standing.hash);
            let denial = denial.filter(|one| one.quota == standing.quota && one.until > now);
            if let Some(denial) = denial {
                let pace = standing.quota.pace();
                let all_but_one = pace.capacity.saturating_sub(pace.interval);
                standing.debt = (denial.until - now).saturating_add(all_but_one);
                standing.seen = Seen::Exceeded;
                decision.verdict = Verdict::Exceeded;
            }
        }
        decision.verdict == Verdict::Exceeded
    }

    /// All keys of a call lie in one slot of a cluster: the tenant's. What follows is of fixed length,
    /// tells nobody who reads the store whose it is, and nobody can make two that are the same.
    fn key(&self, caller: &Caller, class: &Name, standing: &Standing) -> String {
        let mut context = Context::new(&SHA256);
        caller.counted(class, standing, |part| context.update(part));
        let mut key = format!("{}:limit:{{", self.prefix);
        match caller.tenant() {
            Some(tenant) => write!(key, "{}", tenant.id),
            None => write!(key, "-"),
        }
        .and_then(|()| write!(key, "}}:"))
        .and_then(|()| {
            let hash = context.finish();
            (hash.as_ref()[..16].iter()).try_for_each(|byte| write!(key, "{byte:02x}"))
        })
        .expect("text can always be appended to a string");
        key
    }
}

fn call(script: &Script, decision: &Decision) -> Command {
    let mut arguments = vec![u64::from(decision.cost)];
    for standing in &decision.standings {
        arguments.push(u64::from(standing.quota.amount()));
        arguments.push(u64::from(standing.quota.window_seconds()) * 1_000_000);
    }
    let keys = decision.keys.as_deref().map_or(&[][..], Vec::as_slice);
    let keys = keys.iter().map(String::as_str);
    script.call(keys, arguments)
}

fn unreadable() -> Error {
    Error::with_source(ErrorKind::Database, "the store's answer is too short")
}
