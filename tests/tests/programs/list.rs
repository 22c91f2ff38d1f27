//! Lists that are shrunk by what is left out first: half of them, a quarter, … one, and then by what is in them.
//!
//! proptest's `vec` leaves out nothing below its smallest length, and one element at a time.

use std::{fmt::Debug, ops::RangeInclusive};

use proptest::{
    prelude::RngExt,
    strategy::{BoxedStrategy, NewTree, Strategy, ValueTree},
    test_runner::TestRunner,
};

/// So many values of one strategy, and then so many of the next.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<(RangeInclusive<usize>, BoxedStrategy<T>)>);

impl<T: Debug> Strategy for List<T> {
    type Tree = ListTree<T>;
    type Value = Vec<T>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut elements = Vec::new();
        for (length, strategy) in &self.0 {
            for _ in 0..runner.rng().random_range(length.clone()) {
                elements.push(strategy.new_tree(runner)?);
            }
        }
        let size = elements.len().div_ceil(2);
        Ok(ListTree { included: vec![true; elements.len()], elements, tried: Tried::LeftOut(Vec::new()), size, at: 0 })
    }
}

pub(crate) struct ListTree<T> {
    elements: Vec<Box<dyn ValueTree<Value = T>>>,
    included: Vec<bool>,
    /// What was done last, and can be taken back.
    tried: Tried,
    /// How many are left out at once; none any more where it is zero.
    size: usize,
    /// What is tried next.
    at: usize,
}

enum Tried {
    LeftOut(Vec<usize>),
    Simpler(usize),
}

impl<T: Debug> ValueTree for ListTree<T> {
    type Value = Vec<T>;

    fn current(&self) -> Vec<T> {
        let elements = self.elements.iter().zip(&self.included).filter(|(_, included)| **included);
        elements.map(|(element, _)| element.current()).collect()
    }

    fn simplify(&mut self) -> bool {
        while self.size > 0 {
            // From the end, where nothing depends on it.
            let left: Vec<usize> = (0..self.included.len()).rev().filter(|place| self.included[*place]).collect();
            let out: Vec<usize> = left.iter().copied().skip(self.at).take(self.size).collect();
            if out.is_empty() {
                self.size /= 2;
                self.at = 0;
                continue;
            }
            for place in &out {
                self.included[*place] = false;
            }
            self.tried = Tried::LeftOut(out);
            return true;
        }
        while self.at < self.elements.len() {
            if self.included[self.at] && self.elements[self.at].simplify() {
                self.tried = Tried::Simpler(self.at);
                return true;
            }
            self.at += 1;
        }
        false
    }

    fn complicate(&mut self) -> bool {
        match &self.tried {
            Tried::LeftOut(out) => {
                for place in out {
                    self.included[*place] = true;
                }
                self.at += out.len();
                self.tried = Tried::LeftOut(Vec::new());
                // At once the next, as this is known to fail.
                self.simplify()
            }
            Tried::Simpler(place) => {
                if self.elements[*place].complicate() {
                    return true;
                }
                self.at += 1;
                self.tried = Tried::LeftOut(Vec::new());
                self.simplify()
            }
        }
    }
}
