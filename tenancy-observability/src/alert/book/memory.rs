use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tenancy_core::time::Time;
use uuid::Uuid;

use super::{FOUND_MAX, LEASE, LISTED_MAX, WAITS_MAX};
use crate::alert::delivery::{Delivery, Fate};
use crate::alert::ledger::Ledger;

/// How many messages are kept.
const DELIVERIES_MAX: usize = 20_000;

/// In this process's memory, where there is one server, and for what has to be told while the database
/// is away.
#[derive(Debug, Default)]
pub(in crate::alert) struct MemoryBook(Mutex<Kept>); // std's: never held across an await

#[derive(Debug, Default)]
struct Kept {
    ledger: Ledger,
    /// With the end of their leases, the oldest first.
    deliveries: VecDeque<(Delivery, Time)>,
}

impl MemoryBook {
    pub(super) fn turn(&self, now: Time, work: impl FnOnce(&mut Ledger) -> Vec<Delivery>) {
        let mut kept = self.kept();
        let new = work(&mut kept.ledger);
        kept.deliveries
            .extend(new.into_iter().map(|delivery| (delivery, now)));
        for (delivery, _) in &mut kept.deliveries {
            if delivery.fate == Fate::Waiting && delivery.next_at.after(WAITS_MAX) < now {
                delivery.fate = Fate::Dead;
                delivery.says = Some("nobody sent it for a day".to_owned());
            }
        }
        let beyond = kept.deliveries.len().saturating_sub(DELIVERIES_MAX);
        if beyond > 0 {
            tracing::warn!(beyond, "messages of alerts were dropped");
            kept.deliveries.drain(..beyond);
        }
    }

    pub(super) fn claim(
        &self,
        channel: &str,
        now: Time,
        mut wanted: impl FnMut(&str) -> bool,
    ) -> Vec<Delivery> {
        let mut kept = self.kept();
        let mut turns = HashMap::<String, usize>::new();
        let mut due = vec![];
        let mut before = HashSet::new();
        for (place, (delivery, leased)) in kept.deliveries.iter().enumerate() {
            if delivery.fate != Fate::Waiting || delivery.channel != channel {
                continue;
            }
            let subject = delivery.message.subject.key();
            let is_first = before.insert((subject.clone(), &delivery.message.rule));
            if is_first && delivery.next_at <= now && *leased <= now {
                let turn = turns.entry(subject.clone()).or_default();
                *turn += 1;
                due.push((*turn, place, subject));
            }
        }
        due.sort_unstable();
        due.truncate(FOUND_MAX);
        due.retain(|(_, _, subject)| wanted(subject));
        let mut claimed = vec![];
        for (_, place, _) in due {
            if let Some((delivery, leased)) = kept.deliveries.get_mut(place) {
                *leased = now.after(LEASE);
                delivery.attempts += 1;
                claimed.push(delivery.clone());
            }
        }
        claimed
    }

    pub(super) fn settle(&self, settled: &Delivery) {
        let mut kept = self.kept();
        let mut all = kept.deliveries.iter_mut();
        if let Some((delivery, leased)) = all.find(|(delivery, _)| delivery.id == settled.id) {
            *delivery = settled.clone();
            *leased = settled.next_at;
        }
    }

    pub(super) fn resend(&self, id: Uuid, now: Time) -> bool {
        let mut kept = self.kept();
        let mut all = kept.deliveries.iter_mut();
        let dead = all.find(|(delivery, _)| delivery.id == id && delivery.fate == Fate::Dead);
        if let Some((delivery, leased)) = dead {
            delivery.fate = Fate::Waiting;
            (delivery.attempts, delivery.next_at, *leased) = (0, now, now);
            return true;
        }
        false
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.kept().ledger.clone()
    }

    pub(super) fn deliveries(&self, fate: Fate) -> Vec<Delivery> {
        let kept = self.kept();
        let all = kept.deliveries.iter().rev().map(|(delivery, _)| delivery);
        let of_fate = all.filter(|delivery| delivery.fate == fate);
        of_fate.take(LISTED_MAX).cloned().collect()
    }

    pub(super) fn forget(&self, subject: &str) {
        let mut kept = self.kept();
        kept.deliveries
            .retain(|(delivery, _)| delivery.message.subject.key() != subject);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panics in a turn has at most done a part of it, and the next goes on from there.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
