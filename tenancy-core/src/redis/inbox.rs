use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::subscription::Event;

/// What a subscriber has yet to read, up to a number of events.
#[derive(Debug)]
pub(super) struct Inbox {
    events: Mutex<VecDeque<Event>>, // std's: never held across an await
    events_max: usize,
    arrived: Notify,
}

impl Inbox {
    pub(super) fn new(events_max: usize) -> Self {
        Self {
            events: Mutex::default(),
            events_max: events_max.max(2),
            arrived: Notify::new(),
        }
    }

    /// Appends an event. A full inbox is emptied first and says so: whoever missed one message has
    /// to look elsewhere for what it was about, and finds the others there as well.
    pub(super) fn push(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= self.events_max {
            let missed = events.iter().map(Event::missed).sum();
            let is_link = |event: &&Event| matches!(event, Event::Disconnected | Event::Subscribed);
            let link = events.iter().rfind(is_link).cloned();
            events.clear();
            events.extend(link);
            events.push_back(Event::Lagged(missed));
        }
        events.push_back(event);
        drop(events);
        self.arrived.notify_one();
    }

    /// The next event. There is one reader; it may be dropped and called again.
    pub(super) async fn next(&self) -> Event {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.arrived.notified().await;
        }
    }

    fn pop(&self) -> Option<Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn message(text: &'static str) -> Event {
        Event::Message(Bytes::from_static(text.as_bytes()))
    }

    fn check(pushed: &[Event], expected: &[Event]) {
        let inbox = Inbox::new(4);
        for event in pushed {
            inbox.push(event.clone());
        }
        let read: Vec<_> = std::iter::from_fn(|| inbox.pop()).collect();
        assert_eq!(read, expected, "{pushed:?}");
    }

    #[test]
    fn a_full_inbox_tells_how_many_messages_it_lost_and_whether_it_is_connected() {
        let (a, b, c) = (message("a"), message("b"), message("c"));
        let subscribed = Event::Subscribed;
        check(&[a.clone(), b.clone()], &[a.clone(), b.clone()]);
        check(
            &[
                subscribed.clone(),
                a.clone(),
                a.clone(),
                b.clone(),
                c.clone(),
            ],
            &[subscribed.clone(), Event::Lagged(3), c.clone()],
        );
        check(
            &[
                a.clone(),
                Event::Lagged(2),
                Event::Disconnected,
                subscribed.clone(),
                c.clone(),
            ],
            &[subscribed, Event::Lagged(3), c.clone()],
        );
        check(
            &[a.clone(), a.clone(), b, a, Event::Disconnected],
            &[Event::Lagged(4), Event::Disconnected],
        );
    }
}
