//! Replayers take up what the journal tells, and do each part unless its marker is there.

use super::checker::Step;
use super::parts::{ATTEMPTS, DECIDER, Transaction, Work};
use super::requests::{Broken, Decisions, State};

/// How far a replayer is, and with which attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replayer {
    /// It holds no plan.
    Idle,
    /// It is about to do this part.
    At(usize, usize),
    /// It looked for the part's marker and found none.
    Seen(usize, usize),
    /// It did the part, and waits for the answer to its commit.
    Sent(usize, usize),
    /// All parts are done, and the journal's row is to be removed.
    Clearing(usize),
}

impl Decisions {
    /// The next step of a replayer, or one of each write that it can take up; none while it waits.
    pub fn replay(&self, state: &State, at: usize) -> Vec<(Step, State)> {
        let me = self.requests + at;
        let to = |what, then: Replayer| self.step(state, me, what, |next| next.replayers[at] = then);
        match state.replayers[at] {
            Replayer::Idle => (0..ATTEMPTS)
                .filter(|attempt| state.databases.journal[*attempt])
                .map(|attempt| to("takes up what was decided", Replayer::At(attempt, DECIDER + 1)))
                .collect(),
            Replayer::At(attempt, part) => match state.databases.markers[attempt][part] {
                Some(_) => vec![to("finds a part done", self.behind(attempt, part))],
                None if self.broken == Some(Broken::LookFirst) => {
                    vec![to("finds no marker", Replayer::Seen(attempt, part))]
                }
                None if state.databases.is_held(attempt, part) => Vec::new(),
                None => vec![self.redo(state, at, (attempt, part), true)],
            },
            Replayer::Seen(attempt, part) => vec![self.redo(state, at, (attempt, part), false)],
            Replayer::Sent(attempt, part) => vec![match state.databases.session(me, part) {
                Some(session) => self.step_in(state, me, ("gets its commit answered by", part), |next| {
                    next.databases.land(session);
                    next.replayers[at] = self.behind(attempt, part);
                }),
                None => to("notices a lost session, and starts over", Replayer::Idle),
            }],
            Replayer::Clearing(attempt) => vec![self.step(state, me, "removes the journal's row", |next| {
                self.clear(next, attempt);
                next.replayers[at] = Replayer::Idle;
            })],
        }
    }

    /// A replayer does a part. Nothing that others see lies between that and its commit.
    fn redo(&self, state: &State, at: usize, (attempt, source): (usize, usize), marks: bool) -> (Step, State) {
        let me = self.requests + at;
        self.step_in(state, me, ("does a part again in", source), |next| {
            let (owner, work) = (Some(me), Work::Apply { changes: true });
            next.databases.begin(Transaction { source, attempt, owner, sent: true, marks, work });
            next.replayers[at] = Replayer::Sent(attempt, source);
        })
    }

    /// What a replayer does behind a part.
    fn behind(&self, attempt: usize, part: usize) -> Replayer {
        if part + 1 < self.sources { Replayer::At(attempt, part + 1) } else { Replayer::Clearing(attempt) }
    }
}
