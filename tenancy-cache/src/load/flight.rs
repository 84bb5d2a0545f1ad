use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll, Waker};

use super::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The loads under way, one for each name.
///
/// The first who asks for a name leads; whoever asks meanwhile follows. A leader who is dropped
/// before the end makes room for a follower, and the last one leaves nothing behind.
///
/// `T` is what a load saw before it began. One that saw too old a state is not followed: a new load
/// takes its place.
pub(crate) struct Flights<K, T, V>(Arc<Mutex<ByName<K, T, V>>>);

type ByName<K, T, V> = HashMap<K, Arc<Flight<T, V>>>;

struct Flight<T, V>(Mutex<State<T, V>>);

struct State<T, V> {
    ticket: Arc<T>,
    outcome: Option<V>,
    /// Whether the leader is gone and no follower has taken over yet.
    vacant: bool,
    /// Whether its value may no longer be stored: its name was removed or written meanwhile.
    overtaken: bool,
    failures: u32,
    followers: usize,
    /// Of those who wait, by their numbers.
    wakers: HashMap<u64, Waker>,
    next_number: u64,
}

/// How someone takes part in a load.
pub(crate) enum Part<K: Clone + Eq + Hash, T, V> {
    Lead(Leader<K, T, V>),
    Follow(Follower<K, T, V>),
}

/// Who runs the load.
pub(crate) struct Leader<K: Clone + Eq + Hash, T, V> {
    seat: Seat<K, T, V>,
    ticket: Arc<T>,
    ended: bool,
}

/// Who waits for the load. It ends with the outcome, or with the lead.
pub(crate) struct Follower<K: Clone + Eq + Hash, T, V> {
    number: u64,
    seat: Option<Seat<K, T, V>>,
}

/// What a follower comes to.
pub(crate) enum Landing<K: Clone + Eq + Hash, T, V> {
    Lead(Leader<K, T, V>),
    Outcome(V),
}

struct Seat<K, T, V> {
    flights: Flights<K, T, V>,
    flight: Arc<Flight<T, V>>,
    name: K,
}

/// How often a load is tried by one after another before all get its error.
const FAILURES_MAX: u32 = 2;

impl<K: Clone + Eq + Hash, T, V> Flights<K, T, V> {
    /// Joins the load of a name, or begins it. `see` is called by whoever begins, before anyone can
    /// follow, and `is_good` tells whether what a load saw is still the present state.
    pub(crate) fn join(
        &self,
        name: K,
        see: impl FnOnce() -> T,
        is_good: impl FnOnce(&T) -> bool,
    ) -> Part<K, T, V> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&name) {
            let seat = Seat {
                flights: self.clone(),
                flight: flight.clone(),
                name: name.clone(),
            };
            let mut state = flight.lock();
            if state.vacant {
                state.vacant = false;
                state.ticket = Arc::new(see());
                let ticket = state.ticket.clone();
                drop(state);
                return Part::Lead(Leader::new(seat, ticket));
            }
            if state.outcome.is_none() && is_good(&state.ticket) {
                state.followers += 1;
                state.next_number += 1;
                let number = state.next_number;
                drop(state);
                let seat = Some(seat);
                return Part::Follow(Follower { number, seat });
            }
            state.overtaken = true;
        }
        let ticket = Arc::new(see());
        let flight = Arc::new(Flight(Mutex::new(State {
            ticket: ticket.clone(),
            outcome: None,
            vacant: false,
            overtaken: false,
            failures: 0,
            followers: 0,
            wakers: HashMap::new(),
            next_number: 0,
        })));
        flights.insert(name.clone(), flight.clone());
        drop(flights);
        let seat = Seat {
            flights: self.clone(),
            flight,
            name,
        };
        Part::Lead(Leader::new(seat, ticket))
    }

    /// Keeps the load under way for a name from being stored or joined. What it loads still goes to
    /// those who wait for it.
    pub(crate) fn overtake(&self, name: &K) {
        let flight = self.lock().remove(name);
        if let Some(flight) = flight {
            flight.lock().overtaken = true;
        }
    }

    pub(crate) fn is_under_way(&self, name: &K) -> bool {
        self.lock().contains_key(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, ByName<K, T, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, T, V> Leader<K, T, V> {
    fn new(seat: Seat<K, T, V>, ticket: Arc<T>) -> Self {
        Self {
            seat,
            ticket,
            ended: false,
        }
    }

    /// What was seen before the load.
    pub(crate) fn ticket(&self) -> &Arc<T> {
        &self.ticket
    }

    /// Replaces what was seen, before the load begins.
    pub(crate) fn renew(&mut self, seen: T) {
        self.ticket = Arc::new(seen);
        self.seat.flight.lock().ticket = self.ticket.clone();
    }

    /// Ends the load well: `store` runs unless the name was removed or written meanwhile, and is
    /// done before such a removal returns.
    pub(crate) fn succeed(mut self, outcome: V, store: impl FnOnce()) {
        let mut state = self.seat.flight.lock();
        if !state.overtaken {
            store();
        }
        state.outcome = Some(outcome);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.ended = true;
        self.seat.leave();
        wakers.into_values().for_each(Waker::wake);
    }

    /// Ends the load with an error: a follower tries again, or all get the error once it was tried
    /// often enough.
    pub(crate) fn fail(mut self, error: V) {
        self.ended = true;
        self.abandon(Some(error));
    }

    /// Ends the load with an error for all.
    pub(crate) fn give_up(mut self, error: V) {
        self.ended = true;
        self.seat.flight.lock().failures = FAILURES_MAX;
        self.abandon(Some(error));
    }

    fn abandon(&self, error: Option<V>) {
        let mut flights = self.seat.flights.lock();
        let mut state = self.seat.flight.lock();
        if let Some(error) = error {
            state.failures += 1;
            if state.failures >= FAILURES_MAX {
                state.outcome = Some(error);
            }
        }
        state.vacant = state.outcome.is_none();
        if state.followers == 0 || state.outcome.is_some() {
            self.seat.leave_locked(&mut flights);
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop((state, flights));
        wakers.into_values().for_each(Waker::wake);
    }
}

impl<K: Clone + Eq + Hash, T, V> Drop for Leader<K, T, V> {
    fn drop(&mut self) {
        if !self.ended {
            self.abandon(None);
        }
    }
}

impl<K: Clone + Eq + Hash, T, V: Clone> Follower<K, T, V> {
    /// Waits for the outcome or for the lead, whichever comes first. Whoever takes the lead sees the
    /// state anew.
    pub(crate) async fn land(mut self, see: impl Fn() -> T) -> Landing<K, T, V> {
        std::future::poll_fn(|context| self.poll(context, &see)).await
    }

    /// As [`land`](Self::land), for who waits for several. It lands once.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        see: &impl Fn() -> T,
    ) -> Poll<Landing<K, T, V>> {
        let seat = self.seat.take().expect("a follower lands once");
        let mut state = seat.flight.lock();
        if let Some(outcome) = &state.outcome {
            let outcome = outcome.clone();
            state.followers -= 1;
            return Poll::Ready(Landing::Outcome(outcome));
        }
        if state.vacant {
            state.vacant = false;
            state.followers -= 1;
            state.ticket = Arc::new(see());
            let ticket = state.ticket.clone();
            drop(state);
            return Poll::Ready(Landing::Lead(Leader::new(seat, ticket)));
        }
        state.wakers.insert(self.number, context.waker().clone());
        drop(state);
        self.seat = Some(seat);
        Poll::Pending
    }
}

impl<K: Clone + Eq + Hash, T, V> Drop for Follower<K, T, V> {
    fn drop(&mut self) {
        let Some(seat) = &self.seat else {
            return;
        };
        let mut flights = seat.flights.lock();
        let mut state = seat.flight.lock();
        state.followers -= 1;
        state.wakers.remove(&self.number);
        if state.vacant && state.followers == 0 {
            seat.leave_locked(&mut flights);
        }
    }
}

impl<K: Clone + Eq + Hash, T, V> Seat<K, T, V> {
    fn leave(&self) {
        self.leave_locked(&mut self.flights.lock());
    }

    fn leave_locked(&self, flights: &mut ByName<K, T, V>) {
        if flights
            .get(&self.name)
            .is_some_and(|flight| Arc::ptr_eq(flight, &self.flight))
        {
            flights.remove(&self.name);
        }
    }
}

impl<T, V> Flight<T, V> {
    fn lock(&self) -> MutexGuard<'_, State<T, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T, V> Clone for Flights<K, T, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, T, V> Default for Flights<K, T, V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(HashMap::new())))
    }
}

impl<K, T, V> fmt::Debug for Flights<K, T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}
