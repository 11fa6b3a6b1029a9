//! Visits all states of a model, breadth first, so that the way to what is wrong is a shortest one.

use std::collections::HashSet;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::Hash;
use std::rc::Rc;

/// More states than any model has, so that one that grows without end is noticed.
const MOST: usize = 1_000_000;

/// Whether a step must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It comes sooner or later, unless others make it impossible.
    Sure,
    /// It may as well never come.
    Chance,
}

/// A step from one state to another: who does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who takes it.
    pub who: &'static str,
    /// Which one of these.
    pub number: usize,
    /// What happens.
    pub what: &'static str,
    /// To what, or where; empty where that is clear.
    pub to: &'static str,
    /// Whether it must come.
    pub kind: Kind,
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.who, self.number, self.what)?;
        if self.to.is_empty() { Ok(()) } else { write!(f, " {}", self.to) }
    }
}

/// What can happen, and what must not.
pub trait Model {
    /// All that there is at one moment: in the databases, and in those who use them.
    type State: Clone + Eq + Hash + Debug;

    /// The state before anything has happened.
    fn start(&self) -> Self::State;
    /// All that can happen next.
    fn next(&self, state: &Self::State) -> Vec<(Step, Self::State)>;
    /// What is wrong in a state.
    fn wrong(&self, state: &Self::State) -> Option<String>;
    /// Whether nobody has anything left to do.
    fn at_rest(&self, state: &Self::State) -> bool;
}

/// Something wrong, and the steps that lead to it.
#[derive(Debug)]
struct Violation {
    what: String,
    path: Vec<Step>,
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, after {} steps:", self.what, self.path.len())?;
        self.path.iter().enumerate().try_for_each(|(at, step)| writeln!(f, "{:4}. {step}", at + 1))
    }
}

/// The states of a model that can be reached: all of them, or those before the first violation.
pub struct Explored<S> {
    states: Vec<Rc<S>>,
    violation: Option<Violation>,
}

impl<S> Explored<S> {
    /// How many.
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// Whether there is such a state.
    pub fn reaches(&self, wanted: impl Fn(&S) -> bool) -> bool {
        self.states.iter().any(|state| wanted(state))
    }
}

/// All states of a model in which nothing may be wrong.
pub fn holds<M: Model>(model: &M) -> Explored<M::State> {
    let explored = explore(model);
    println!("{} states", explored.count());
    if let Some(violation) = &explored.violation {
        panic!("{violation}");
    }
    explored
}

/// Finds what is wrong with a model of which a rule is broken.
pub fn breaks<M: Model>(model: &M, what: &str) {
    let explored = explore(model);
    let Some(violation) = explored.violation else { panic!("nothing is wrong in {} states", explored.states.len()) };
    println!("{violation}");
    assert_eq!(violation.what, what, "{violation}");
}

/// Visits the states of a model until something is wrong.
fn explore<M: Model>(model: &M) -> Explored<M::State> {
    let start = Rc::new(model.start());
    let mut seen = HashSet::from([start.clone()]);
    let mut states = vec![start];
    // Of each state the one from which it was reached first, and how.
    let mut ways: Vec<Option<(usize, Step)>> = vec![None];
    let mut at = 0;
    while at < states.len() {
        let state = states[at].clone();
        let next = model.next(&state);
        let stands = next.iter().all(|(step, _)| step.kind == Kind::Chance) && !model.at_rest(&state);
        let waiting = || stands.then(|| "those who are left wait for each other for ever".to_owned());
        if let Some(what) = model.wrong(&state).or_else(waiting) {
            return Explored { states, violation: Some(Violation { what, path: path(&ways, at) }) };
        }
        for (step, state) in next {
            let state = Rc::new(state);
            if seen.insert(state.clone()) {
                states.push(state);
                ways.push(Some((at, step)));
            }
        }
        assert!(states.len() < MOST, "the model has too many states");
        at += 1;
    }
    Explored { states, violation: None }
}

/// The steps that lead to a state.
fn path(ways: &[Option<(usize, Step)>], mut at: usize) -> Vec<Step> {
    let mut path = Vec::new();
    while let Some((from, step)) = ways[at] {
        path.push(step);
        at = from;
    }
    path.reverse();
    path
}
