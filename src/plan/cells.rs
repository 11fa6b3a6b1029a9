//! The cells of a fetch while it is planned: each column once, whoever needs it.

use std::sync::Arc;

use crate::catalog::Table;
use crate::plan::tree::Step;
use crate::statement::Output;

/// The cells of a fetch while it is planned.
pub struct Cells<'a> {
    pub(super) table: &'a Table,
    pub(super) outputs: Vec<Output>,
    pub(super) columns: Vec<Option<u32>>,
}

impl<'a> Cells<'a> {
    /// No cells yet.
    pub fn new(table: &'a Table) -> Self {
        Self { table, outputs: Vec::new(), columns: Vec::new() }
    }

    /// Goes on with the cells of a planned step.
    pub fn resume(table: &'a Table, step: &Step) -> Self {
        Self { table, outputs: step.fetch.outputs.clone(), columns: step.columns.to_vec() }
    }

    /// Gives the cells back to the step.
    pub fn finish(self, step: &mut Step) {
        if self.outputs.len() > step.columns.len() {
            step.columns = self.columns.into();
            Arc::make_mut(&mut step.fetch).outputs = self.outputs;
        }
    }

    /// The cell of a column, added when it is not fetched yet.
    pub fn of_column(&mut self, at: usize) -> usize {
        match self.columns.iter().position(|column| *column == Some(at as u32)) {
            Some(cell) => cell,
            None => {
                self.columns.push(Some(at as u32));
                self.outputs.push(Output::Column(self.table.columns[at].clone()));
                self.outputs.len() - 1
            }
        }
    }

    /// The cell of any other output, added when it is not fetched yet.
    pub fn of_output(&mut self, output: Output) -> usize {
        match self.outputs.iter().position(|known| *known == output) {
            Some(cell) => cell,
            None => {
                self.columns.push(None);
                self.outputs.push(output);
                self.outputs.len() - 1
            }
        }
    }
}
