use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tenancy_core::Error;
use tenancy_core::log_throttle::LogThrottle;
use tenancy_core::time::Time;
use tokio::time::interval;

use super::book::Book;
use super::bucket::Bucket;
use super::channel::Channel;
use super::delivery::{Delivery, Fate};

/// How often it is looked for messages to send.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How many messages of one subject are on their way from one book through one channel at once, and how
/// many in all. A channel that never answers holds up no other.
const IN_FLIGHT: (usize, usize) = (2, 64);

/// How many messages are on their way, by channel and subject.
type Busy = HashMap<String, HashMap<String, usize>>;

/// Where messages leave: the channels, each at its own pace.
#[derive(Default)]
pub(super) struct Outbox {
    channels: Vec<Channel>,
    buckets: Mutex<HashMap<String, Bucket>>, // std's: never held across an await
}

impl Outbox {
    /// # Panics
    /// When there is a channel of that name.
    pub(super) fn add(&mut self, channel: Channel) {
        let bucket = channel.bucket();
        let before = self.buckets().insert(channel.name().to_owned(), bucket);
        assert!(before.is_none(), "two channels are called {channel}");
        self.channels.push(channel);
    }

    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Sends what is due of a book, once, and says how many messages it was.
    pub(super) async fn deliver(&self, book: &Book, now: Time) -> Result<usize, Error> {
        let mut sending = FuturesUnordered::new();
        let (claimed, outcome) = self.claim(book, &mut Busy::new(), now).await;
        for delivery in claimed {
            sending.push(self.send(book, delivery, Some(now)));
        }
        let count = sending.len();
        while sending.next().await.is_some() {}
        outcome.map(|()| count)
    }

    /// Sends what is due of a book until dropped.
    pub(super) async fn keep_delivering(&self, book: &Book) {
        let away = LogThrottle::default();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut busy = Busy::new();
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
                Some((channel, subject)) = sending.next() => {
                    let Some(of_channel) = busy.get_mut(&channel) else { continue };
                    let left = of_channel.get_mut(&subject).map(|count| {
                        *count = count.saturating_sub(1);
                        *count
                    });
                    if left == Some(0) {
                        of_channel.remove(&subject);
                    }
                }
            }
        }
    }

    /// Takes what is due, as far as subjects and channels have room. What was taken before a failure is
    /// given out with it.
    async fn claim(
        &self,
        book: &Book,
        busy: &mut Busy,
        now: Time,
    ) -> (Vec<Delivery>, Result<(), Error>) {
        let mut all = vec![];
        let mut outcome = Ok(());
        for channel in &self.channels {
            let busy = busy.entry(channel.name().to_owned()).or_default();
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

    /// Sends one message, and gives back its channel and whom it was about. The time is the message's own,
    /// or now.
    async fn send(
        &self,
        book: &Book,
        mut delivery: Delivery,
        now: Option<Time>,
    ) -> (String, String) {
        let place = (delivery.channel.clone(), delivery.message.subject.key());
        let channels = &mut self.channels.iter();
        let Some(channel) = channels.find(|one| one.name() == delivery.channel) else {
            return place;
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
        place
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        // Critical sections change one value, so a poisoned map is still whole.
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
