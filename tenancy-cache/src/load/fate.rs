use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Berth;
use crate::entry::Value;
use crate::remote::{LeaseAnswer, Question, Shared};

/// What other processes make of a load that is about to begin.
pub(crate) enum Fate {
    /// It was done by one of them.
    Found(Value),
    /// It is this one's to do.
    Ours,
    /// One of them is doing it, or has done it just now.
    Theirs,
}

/// How long to wait before another process's load is looked for again: from, and up to.
pub(crate) const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];

impl Shared {
    /// Looks for the values of loads that are about to begin, and asks for the leases of the rest.
    /// The berths of those that are found are gone, and the others have seen the state anew.
    ///
    /// A remote tier that is late is as good as none, but for a load that another process was doing
    /// when it was last asked for.
    pub(crate) async fn fates(
        self: &Arc<Self>,
        berths: &mut Vec<Berth>,
        until: Instant,
    ) -> Vec<Fate> {
        let Some(Berth { cache, shelf, .. }) = berths.first() else {
            return Vec::new();
        };
        let (cache, shelf) = (cache.clone(), shelf.clone());
        let question = |berth: &Berth| (berth.name.clone(), berth.seen().clone(), berth.read);
        let asked: Vec<_> = berths.iter().map(question).collect();
        let questions = asked.iter().map(|(name, seen, read)| Question {
            name: name.as_ref(),
            seen: seen.clone(),
            read: *read,
        });
        let questions: Vec<_> = questions.collect();
        let answers = timeout_at(until, self.find(&cache, &shelf, &questions)).await;
        let Ok(Some(answers)) = answers else {
            let is_late = answers.is_err();
            berths.iter_mut().for_each(Berth::see_again);
            let fate = |berth: &Berth| match is_late && berth.is_theirs {
                true => Fate::Theirs,
                false => Fate::Ours,
            };
            return berths.iter().map(fate).collect();
        };
        // Counted before the berths see: at worst they have seen more than is said of them.
        let flushes = Self::flushes_heard(&shelf);
        let (mut fates, mut left, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for (mut berth, answer) in berths.drain(..).zip(answers) {
            match answer.found.filter(|found| berth.is_served_by(found)) {
                Some(found) => {
                    berth.class.metrics.remote_hits.increment(1);
                    fates.push(Fate::Found(berth.keep_found(found)));
                }
                None => {
                    berth.class.metrics.remote_misses.increment(1);
                    berth.see_again();
                    fates.push(Fate::Ours);
                    left.push(berth);
                    marks.push(answer.mark);
                }
            }
        }
        *berths = left;
        let mut asked: Vec<_> = berths.iter_mut().zip(marks).collect();
        let answers = timeout_at(until, self.lease(&mut asked, flushes)).await;
        let is_late = answers.is_err();
        let mut answers = answers.unwrap_or_default().into_iter();
        let open = fates.iter_mut().filter(|fate| matches!(fate, Fate::Ours));
        for (fate, berth) in open.zip(berths) {
            // Without an answer there is nobody to wait for.
            berth.is_theirs = match answers.next().flatten() {
                Some(LeaseAnswer::Busy | LeaseAnswer::Changed) => true,
                _ => is_late && berth.is_theirs,
            };
            if berth.is_theirs {
                *fate = Fate::Theirs;
            }
        }
        fates
    }
}
