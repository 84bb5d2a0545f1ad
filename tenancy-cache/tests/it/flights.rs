//! Every interleaving of threads that load one name, as far as a random scheduler finds them.

#[path = "../../src/load/flight.rs"]
#[allow(dead_code, reason = "the test uses what it needs")]
mod flight;

mod sync {
    pub(super) use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use self::flight::{Flights, Landing, Part};

type Numbers = Flights<&'static str, (), u32>;

/// Takes part in the load of a name. A caller without patience gives up as a leader.
fn ask(flights: &Numbers, loads: &AtomicU32, patient: bool) -> Option<u32> {
    let lead = match flights.join("name", || (), |()| true) {
        Part::Lead(lead) => lead,
        Part::Follow(follower) => match block_on(follower.land(|| ())) {
            Landing::Lead(lead) => lead,
            Landing::Outcome(outcome) => return Some(outcome),
        },
    };
    thread::yield_now();
    if !patient {
        return None;
    }
    let load = loads.fetch_add(1, Ordering::SeqCst) + 1;
    lead.succeed(load, || ());
    Some(load)
}

#[test]
fn nobody_waits_for_ever_and_nothing_is_left() {
    shuttle::check_random(
        || {
            let (flights, loads) = (Numbers::default(), Arc::new(AtomicU32::new(0)));
            let callers: Vec<_> = [false, true, false, true]
                .into_iter()
                .map(|patient| {
                    let (flights, loads) = (flights.clone(), loads.clone());
                    thread::spawn(move || ask(&flights, &loads, patient))
                })
                .collect();
            let mut answers: Vec<_> = callers
                .into_iter()
                .map(|caller| caller.join().unwrap())
                .collect();
            answers.retain(Option::is_some);
            assert!(answers.len() >= 2);
            assert_eq!(flights.len(), 0);
        },
        2_000,
    );
}

#[test]
fn nothing_is_stored_after_a_removal() {
    shuttle::check_random(
        || {
            let flights = Numbers::default();
            let stored = Arc::new(AtomicU32::new(0));
            let caller = {
                let (flights, stored) = (flights.clone(), stored.clone());
                thread::spawn(move || {
                    if let Part::Lead(lead) = flights.join("name", || (), |()| true) {
                        lead.succeed(1, || stored.store(1, Ordering::SeqCst));
                    }
                })
            };
            let began = flights.len();
            flights.overtake(&"name");
            let before = stored.swap(0, Ordering::SeqCst);
            caller.join().unwrap();
            // Had it begun before the removal, nothing came after it.
            assert!(began == 0 || stored.load(Ordering::SeqCst) == 0, "{before}");
            assert_eq!(flights.len(), 0);
        },
        5_000,
    );
}

#[test]
fn a_waiter_who_leaves_does_not_take_the_lead_with_him() {
    shuttle::check_random(
        || {
            let flights = Numbers::default();
            let Part::Lead(lead) = flights.join("name", || (), |()| true) else {
                unreachable!("nobody else is here");
            };
            let leaves = {
                let flights = flights.clone();
                thread::spawn(move || drop(flights.join("name", || (), |()| true)))
            };
            let stays = {
                let flights = flights.clone();
                thread::spawn(move || ask(&flights, &AtomicU32::new(6), true))
            };
            drop(lead);
            leaves.join().unwrap();
            assert_eq!(stays.join().unwrap(), Some(7));
            assert_eq!(flights.len(), 0);
        },
        5_000,
    );
}
