//! Modules that are ready to be instantiated, and the bounded set of them that is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use wasmtime::InstancePre;
use wasmtime_wasi::p2::bindings::CommandPre;

use super::bindings::TaskPre;
use super::guest::Guest;
use super::lane::Habit;
use super::limits;
use crate::{Digest, Kind};

/// A module that is ready to be instantiated, and what was learnt of it since.
pub(super) struct Loaded {
    pub(super) linked: Linked,
    /// Where its next attempt begins.
    pub(super) habit: Habit,
}

/// Compiled code whose imports are resolved: what remains is a fresh instance and a call.
pub(super) enum Linked {
    /// Exports `stepwell:task/handler`.
    Task(TaskPre<Guest>),
    /// Exports `wasi:cli/run`.
    Command(CommandPre<Guest>),
    /// A core module that exports `_start`.
    Preview1(InstancePre<Guest>),
}

impl From<Linked> for Loaded {
    fn from(linked: Linked) -> Self {
        let habit = Habit::default();
        Self { linked, habit }
    }
}

impl Linked {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Task(_) => Kind::Task,
            Self::Command(_) => Kind::Command,
            Self::Preview1(_) => Kind::Preview1,
        }
    }
}

/// A place for a module that is loaded once, however many ask for it at the same time.
type Cell = Arc<OnceCell<Arc<Loaded>>>;

/// The modules used last, at most [`limits::LOADED_MODULES_MAX`].
#[derive(Default)]
pub(super) struct LoadedModules(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// Grows with each use: a clock that only orders.
    now: u64,
    by_digest: HashMap<Digest, Entry>,
}

struct Entry {
    cell: Cell,
    used_at: u64,
}

impl LoadedModules {
    /// The place of one module, made when it is new.
    pub(super) fn cell(&self, digest: &Digest) -> Cell {
        let entries = &mut *self.lock();
        entries.now += 1;
        if let Some(entry) = entries.by_digest.get_mut(digest) {
            entry.used_at = entries.now;
            return Arc::clone(&entry.cell);
        }
        entries.add(digest, Cell::default())
    }

    /// Puts a module that was loaded elsewhere in its place.
    pub(super) fn insert(&self, digest: &Digest, loaded: Arc<Loaded>) {
        let entries = &mut *self.lock();
        entries.now += 1;
        entries.add(digest, Arc::new(OnceCell::new_with(Some(loaded))));
    }

    pub(super) fn remove(&self, digest: &Digest) {
        self.lock().by_digest.remove(digest);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn add(&mut self, digest: &Digest, cell: Cell) -> Cell {
        if self.by_digest.len() >= limits::LOADED_MODULES_MAX {
            let oldest = self.by_digest.iter().min_by_key(|(_, entry)| entry.used_at);
            if let Some(oldest) = oldest.map(|(digest, _)| digest.clone()) {
                self.by_digest.remove(&oldest);
            }
        }
        let entry = Entry {
            cell: Arc::clone(&cell),
            used_at: self.now,
        };
        self.by_digest.insert(digest.clone(), entry);
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_used_longest_ago_makes_room() {
        let modules = LoadedModules::default();
        let digest = |number: usize| Digest(number.to_string().into());
        let first = modules.cell(&digest(0));
        for number in 1..limits::LOADED_MODULES_MAX {
            modules.cell(&digest(number));
        }
        assert!(Arc::ptr_eq(&first, &modules.cell(&digest(0))));
        modules.cell(&digest(usize::MAX));
        assert!(Arc::ptr_eq(&first, &modules.cell(&digest(0))));
        assert_eq!(modules.lock().by_digest.len(), limits::LOADED_MODULES_MAX);
        assert!(!modules.lock().by_digest.contains_key(&digest(1)));
    }
}
