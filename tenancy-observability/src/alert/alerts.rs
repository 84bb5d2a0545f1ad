use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use tenancy_core::PlatformScope;
use tenancy_core::log_throttle::LogThrottle;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use tenancy_core::sql::Database;
use tenancy_core::time::Time;
use tenancy_core::{Error, TenantId};
use tokio::time::{interval, timeout};
use uuid::Uuid;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use super::book::SqlBook;
use super::book::{Book, MemoryBook};
use super::bucket::Bucket;
use super::channel::{Attempt, Channel};
use super::delivery::{Delivery, Fate};
use super::ledger::{Found, Ledger, Pace};
use super::measure::{DynMeasure, Measure, Question, Sample};
use super::message::Message;
use super::rule::Rule;
use super::silence::Silence;
use super::state::Alert;

/// How long a measure may take; then it has no data.
const MEASURE_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked for messages to send.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How many messages of one subject are on their way out of one book at once, and how many in all.
const IN_FLIGHT: (usize, usize) = (2, 64);

/// Looks after rules, and tells somebody. Cheap to clone.
///
/// Any number of servers may do so on one database: one at a time goes on from where the last one
/// stopped, what it finds is kept together with the messages about it, and each message is sent by
/// whoever claims it, or by another when that one is gone. So each change is told once, and a message is
/// sent twice only where somebody died between sending it and writing that down; it has the same id then.
#[derive(Clone)]
pub struct Alerts(Arc<Inner>);

struct Inner {
    rules: Vec<Rule>,
    measures: Vec<Arc<dyn DynMeasure>>,
    channels: Vec<Channel>,
    buckets: Mutex<HashMap<String, Bucket>>, // std's: never held across an await
    book: Book,
    /// For what has to be told while the book cannot be opened.
    aside: Book,
    pace: Pace,
    every: Duration,
    link: String,
}

/// What an [`Alerts`] looks after.
#[must_use]
pub struct AlertsBuilder(Inner);

impl AlertsBuilder {
    /// Adds a rule.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.0.rules.push(rule);
        self
    }

    /// Adds rules.
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.0.rules.extend(rules);
        self
    }

    /// Adds something that knows values.
    pub fn measure(mut self, measure: impl Measure) -> Self {
        self.0.measures.push(Arc::new(measure));
        self
    }

    /// Adds a way on which messages leave. Two with one name are one too many.
    ///
    /// # Panics
    /// When there is one of that name.
    pub fn channel(mut self, channel: Channel) -> Self {
        let buckets = self.0.buckets.get_mut();
        let buckets = buckets.unwrap_or_else(PoisonError::into_inner);
        let before = buckets.insert(channel.name().to_owned(), channel.bucket());
        assert!(before.is_none(), "two channels are called {channel}");
        self.0.channels.push(channel);
        self
    }

    /// Keeps everything in the platform's tables, for all servers together. Default: in memory.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub fn database(mut self, database: &Database, scope: &PlatformScope) -> Self {
        self.0.book = Book::Sql(Box::new(SqlBook::new(database, scope)));
        self
    }

    /// Where messages say to look. Default: nowhere.
    pub fn link(mut self, link: &str) -> Self {
        self.0.link = link.to_owned();
        self
    }

    /// How often values are looked at. Default: 15 seconds.
    pub fn every(mut self, time: Duration) -> Self {
        self.0.every = time;
        self
    }

    /// How long a first message waits for more of its kind. Default: ten seconds.
    pub fn gather_for(mut self, time: Duration) -> Self {
        self.0.pace.gather = time;
        self
    }

    /// How long after one message the next tells of what has come since. Default: one minute.
    pub fn update_every(mut self, time: Duration) -> Self {
        self.0.pace.update = time;
        self
    }

    /// How long after one message it is said again. Default: four hours.
    pub fn repeat_every(mut self, time: Duration) -> Self {
        self.0.pace.repeat = time;
        self
    }

    /// Ready to look.
    pub fn build(self) -> Alerts {
        Alerts(Arc::new(self.0))
    }
}

impl Alerts {
    /// No rules, no channels, everything in memory.
    pub fn builder() -> AlertsBuilder {
        AlertsBuilder(Inner {
            rules: Vec::new(),
            measures: Vec::new(),
            channels: Vec::new(),
            buckets: Mutex::default(),
            book: Book::Memory(MemoryBook::default()),
            aside: Book::Memory(MemoryBook::default()),
            pace: Pace {
                gather: Duration::from_secs(10),
                update: Duration::from_secs(60),
                repeat: Duration::from_secs(4 * 60 * 60),
            },
            every: Duration::from_secs(15),
            link: String::new(),
        })
    }

    /// Looks at all values once, and puts what is to be told on its way.
    ///
    /// # Errors
    /// Those of the database. Rules that are [for that case](Rule::even_without_database) have been looked
    /// at all the same.
    pub async fn evaluate(&self, now: Time) -> Result<(), Error> {
        let rules = self.0.rules.iter();
        let found = join_all(rules.map(async |rule| self.find(rule).await)).await;
        let kept = self.turn(&self.0.book, &found, now).await;
        let is_busy = match self.0.aside.ledger().await {
            Ok(ledger) => !ledger.is_idle(),
            Err(_) => false,
        };
        if kept.is_err() || is_busy {
            let found: Vec<_> = found
                .into_iter()
                .filter(|found| found.rule.without_database)
                .collect();
            self.turn(&self.0.aside, &found, now).await?;
        }
        kept
    }

    /// Sends what is due, once, and says how many messages it was.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn deliver(&self, now: Time) -> Result<usize, Error> {
        let aside = self.deliver_from(&self.0.aside, now);
        let (aside, kept) = tokio::join!(aside, self.deliver_from(&self.0.book, now));
        Ok(aside? + kept?)
    }

    /// Looks at values and sends messages until dropped.
    ///
    /// # Cancellation
    /// Safe at any point: what was being sent is sent again, by whoever comes first after a minute.
    pub async fn run(&self) {
        tokio::join!(
            self.keep_evaluating(),
            // Each for itself: a database that does not answer holds up nothing that is told without it.
            self.keep_delivering(&self.0.aside),
            self.keep_delivering(&self.0.book),
        );
    }

    /// Sends a message through a channel, to see whether it arrives.
    ///
    /// # Errors
    /// Why it has not.
    pub async fn test(&self, channel: &str) -> Result<(), TestFailed> {
        let channel = self.0.channels.iter().find(|one| one.name() == channel);
        let channel = channel.ok_or_else(|| TestFailed("there is no such channel".to_owned()))?;
        let now = Time::now();
        let message = Message::test(&self.0.link, now);
        match channel.send(Uuid::now_v7(), &message, now).await {
            Attempt::Arrived => Ok(()),
            Attempt::Later { says, .. } | Attempt::Never { says } => Err(TestFailed(says)),
        }
    }

    /// The alerts that there are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn active(&self) -> Result<Vec<Alert>, Error> {
        let ledger = self.0.book.ledger().await?;
        let aside = self.0.aside.ledger().await?;
        let alerts = ledger
            .alerts
            .into_values()
            .chain(aside.alerts.into_values());
        let mut alerts: Vec<_> = alerts.collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse((alert.level, alert.since)));
        Ok(alerts)
    }

    /// The latest messages that wait, have arrived or never will.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn deliveries(&self, fate: Fate) -> Result<Vec<Delivery>, Error> {
        let mut all = self.0.book.deliveries(fate).await?;
        all.extend(self.0.aside.deliveries(fate).await?);
        Ok(all)
    }

    /// Tells nobody of something for a while.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn silence(&self, silence: Silence) -> Result<(), Error> {
        let keep = |ledger: &mut Ledger| {
            ledger.silences.push(silence);
            vec![]
        };
        self.0.book.turn(Time::now(), keep).await
    }

    /// Ends a silence, and says whether it was there.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end_silence(&self, id: Uuid) -> Result<bool, Error> {
        let mut was_there = false;
        let end = |ledger: &mut Ledger| {
            let before = ledger.silences.len();
            ledger.silences.retain(|silence| silence.id != id);
            was_there = ledger.silences.len() < before;
            vec![]
        };
        self.0.book.turn(Time::now(), end).await?;
        Ok(was_there)
    }

    /// The silences that there are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn silences(&self) -> Result<Vec<Silence>, Error> {
        Ok(self.0.book.ledger().await?.silences)
    }

    /// Forgets all that is about a tenant.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, tenant: TenantId) -> Result<(), Error> {
        self.0.aside.forget(tenant).await?;
        self.0.book.forget(tenant).await
    }

    /// Its channels.
    pub fn channels(&self) -> &[Channel] {
        &self.0.channels
    }

    /// Its rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    async fn find<'a>(&self, rule: &'a Rule) -> Found<'a> {
        let mut windows = rule.windows();
        let (long, short) = (windows.next().unwrap_or_default(), windows.next());
        let long = self.read(rule, long).await;
        let short = match short {
            Some(short) => Some(self.read(rule, short).await),
            None => None,
        };
        Found { rule, long, short }
    }

    async fn read(&self, rule: &Rule, window: Duration) -> Vec<Sample> {
        let measures = self.0.measures.iter().map(async |measure| {
            let question = Question {
                metric: rule.metric.clone(),
                window,
            };
            timeout(MEASURE_WITHIN, measure.read(question)).await
        });
        let read = join_all(measures).await.into_iter();
        read.flat_map(Result::unwrap_or_default).collect()
    }

    async fn turn(&self, book: &Book, found: &[Found<'_>], now: Time) -> Result<(), Error> {
        let work = |ledger: &mut Ledger| {
            let messages = ledger.turn(found, self.0.pace, &self.0.link, now);
            let mut deliveries = vec![];
            for message in &messages {
                tracing::warn!(title = message.title(), "alert");
                for channel in &self.0.channels {
                    if let Some(from) = channel.carries(message, now) {
                        deliveries.push(Delivery::new(channel.name(), message, from, now));
                    }
                }
            }
            deliveries
        };
        book.turn(now, work).await
    }

    async fn deliver_from(&self, book: &Book, now: Time) -> Result<usize, Error> {
        let mut sending = FuturesUnordered::new();
        let (claimed, outcome) = self.claim(book, &mut HashMap::new(), now).await;
        for delivery in claimed {
            sending.push(self.send(book, delivery, Some(now)));
        }
        let count = sending.len();
        while sending.next().await.is_some() {}
        outcome.map(|()| count)
    }

    /// Takes what is due, as far as subjects and channels have room. What was taken before a failure is
    /// given out with it.
    async fn claim(
        &self,
        book: &Book,
        busy: &mut HashMap<String, usize>,
        now: Time,
    ) -> (Vec<Delivery>, Result<(), Error>) {
        let mut all = vec![];
        let mut outcome = Ok(());
        for channel in &self.0.channels {
            // What is wanted may be another server's by now, so only what was got makes a subject busy.
            let mut wanted = HashMap::<String, usize>::new();
            let before = IN_FLIGHT.1.saturating_sub(busy.values().sum());
            let mut room = before;
            let want = |subject: &str| {
                let own = wanted.get(subject).or(busy.get(subject));
                let own = own.copied().unwrap_or(0);
                let may = own < IN_FLIGHT.0 && room > 0 && self.take(channel, now);
                if may {
                    wanted.insert(subject.to_owned(), own + 1);
                    room -= 1;
                }
                may
            };
            let claimed = book.claim(channel.name(), now, want).await;
            let unused = before - room - claimed.as_ref().map_or(0, Vec::len);
            self.put_back(channel, unused);
            match claimed {
                Ok(claimed) => {
                    for delivery in &claimed {
                        *busy.entry(delivery.message.subject.key()).or_default() += 1;
                    }
                    all.extend(claimed);
                }
                Err(error) => outcome = Err(error),
            }
        }
        (all, outcome)
    }

    /// Whether the channel may send one more.
    fn take(&self, channel: &Channel, now: Time) -> bool {
        let mut buckets = self.buckets();
        let bucket = buckets.get_mut(channel.name());
        bucket.is_some_and(|bucket| bucket.take(now))
    }

    /// Lets the channel send what it then had nothing for.
    fn put_back(&self, channel: &Channel, count: usize) {
        if let Some(bucket) = self.buckets().get_mut(channel.name()) {
            bucket.put_back(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    /// Sends one message, and gives back whom it was about. The time is the message's own, or now.
    async fn send(&self, book: &Book, mut delivery: Delivery, now: Option<Time>) -> String {
        let subject = delivery.message.subject.key();
        let channels = &mut self.0.channels.iter();
        let Some(channel) = channels.find(|one| one.name() == delivery.channel) else {
            return subject;
        };
        let at = now.unwrap_or_else(Time::now);
        let attempt = channel.send(delivery.id, &delivery.message, at).await;
        delivery.settle(attempt, now.unwrap_or_else(Time::now));
        if delivery.fate == Fate::Dead {
            let (channel, says) = (&delivery.channel, &delivery.says);
            metrics::counter!("tenancy_alerts_dead_total", "channel" => channel.clone())
                .increment(1);
            tracing::error!(channel, says, "a message about an alert will not arrive");
        }
        if let Err(error) = book.settle(&delivery).await {
            tracing::warn!(%error, "what became of a message could not be kept");
        }
        subject
    }

    async fn keep_evaluating(&self) {
        let away = LogThrottle::default();
        let mut ticks = interval(self.0.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.evaluate(Time::now()).await
                && let Some(left_out) = away.admit()
            {
                tracing::warn!(%error, left_out, "alerts could not be looked after");
            }
        }
    }

    async fn keep_delivering(&self, book: &Book) {
        let away = LogThrottle::default();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut busy = HashMap::<String, usize>::new();
        let mut sending = FuturesUnordered::new();
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let (claimed, outcome) = self.claim(book, &mut busy, Time::now()).await;
                    for delivery in claimed {
                        sending.push(self.send(book, delivery, None));
                    }
                    if let (Err(error), Some(left_out)) = (outcome, away.admit()) {
                        tracing::warn!(%error, left_out, "messages about alerts wait");
                    }
                }
                Some(subject) = sending.next() => {
                    let left = busy.get_mut(&subject).map(|count| {
                        *count = count.saturating_sub(1);
                        *count
                    });
                    if left == Some(0) {
                        busy.remove(&subject);
                    }
                }
            }
        }
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        // Critical sections change one value, so a poisoned map is still whole.
        self.0
            .buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a test message has not arrived.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TestFailed(String);

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<_> = self.0.rules.iter().map(Rule::name).collect();
        let channels: Vec<_> = self.0.channels.iter().map(Channel::name).collect();
        f.debug_struct("Alerts")
            .field("rules", &rules)
            .field("channels", &channels)
            .field("book", &self.0.book)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AlertsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertsBuilder").finish_non_exhaustive()
    }
}
