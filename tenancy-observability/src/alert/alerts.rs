use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
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
use super::channel::{Attempt, Channel};
use super::delivery::{Delivery, Fate};
use super::ledger::{Found, Ledger, Pace};
use super::measure::{DynMeasure, Measure, Question, Sample};
use super::message::Message;
use super::outbox::Outbox;
use super::rule::Rule;
use super::silence::Silence;
use super::state::Alert;

/// How long a measure may take; then it has no data.
const MEASURE_WITHIN: Duration = Duration::from_secs(10);

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
    outbox: Outbox,
    book: Book,
    /// For what has to be told while the book cannot be opened. What was told from it goes on in the book as
    /// soon as that can be, and what nobody was told of is left to the book.
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
        self.0.outbox.add(channel);
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
            outbox: Outbox::default(),
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
        let aside = self.0.aside.ledger().await?;
        let was_busy = !aside.is_idle();
        let kept = self.turn(&self.0.book, aside, &found, now).await;
        if kept.is_err() {
            let found: Vec<_> = found
                .into_iter()
                .filter(|found| found.rule.without_database)
                .collect();
            self.turn(&self.0.aside, Ledger::default(), &found, now)
                .await?;
        } else if was_busy {
            let empty = |ledger: &mut Ledger| {
                *ledger = Ledger::default();
                vec![]
            };
            self.0.aside.turn(now, empty).await?;
        }
        kept
    }

    /// Sends what is due, once, and says how many messages it was.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn deliver(&self, now: Time) -> Result<usize, Error> {
        let aside = self.0.outbox.deliver(&self.0.aside, now);
        let (aside, kept) = tokio::join!(aside, self.0.outbox.deliver(&self.0.book, now));
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
            self.0.outbox.keep_delivering(&self.0.aside),
            self.0.outbox.keep_delivering(&self.0.book),
        );
    }

    /// Sends a message through a channel, to see whether it arrives.
    ///
    /// # Errors
    /// Why it has not.
    pub async fn test(&self, channel: &str) -> Result<(), TestFailed> {
        let channel = self
            .0
            .outbox
            .channels()
            .iter()
            .find(|one| one.name() == channel);
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

    /// Tries a message again that was given up, as often as a new one and under the same id. Says whether there
    /// is one that was.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn resend(&self, id: Uuid, now: Time) -> Result<bool, Error> {
        Ok(self.0.aside.resend(id, now).await? || self.0.book.resend(id, now).await?)
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
        self.0.outbox.channels()
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

    /// Lets a book go on, also with what was told beside it.
    async fn turn(
        &self,
        book: &Book,
        aside: Ledger,
        found: &[Found<'_>],
        now: Time,
    ) -> Result<(), Error> {
        let work = |ledger: &mut Ledger| {
            ledger.take_over(aside);
            let messages = ledger.turn(found, self.0.pace, &self.0.link, now);
            let mut deliveries = vec![];
            for message in &messages {
                tracing::warn!(title = message.title(), "alert");
                for channel in self.0.outbox.channels() {
                    if let Some(from) = channel.carries(message, now) {
                        deliveries.push(Delivery::new(channel.name(), message, from, now));
                    }
                }
            }
            deliveries
        };
        book.turn(now, work).await
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
}

/// Why a test message has not arrived.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TestFailed(String);

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<_> = self.0.rules.iter().map(Rule::name).collect();
        let channels: Vec<_> = self.0.outbox.channels().iter().map(Channel::name).collect();
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
