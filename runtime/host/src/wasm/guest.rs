//! What the host keeps for one instance, and the functions it offers it.

use std::sync::Arc;

use asl::Payload;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::bindings::stepwell::task::{host, types};
use super::clock::{GuestTime, MonotonicView};
use super::limits::MemoryLimiter;
use super::log::AttemptLog;
use super::stream::Stream;
use super::wasi::Wasi;
use crate::{Context, OnHeartbeat};

/// The data of one instance's store. What few guests use is made when first used: most of
/// the cost of an attempt would otherwise be a WASI that nobody asked for.
pub(super) struct Guest {
    pub(super) memory: MemoryLimiter,
    context: Arc<Context>,
    on_heartbeat: OnHeartbeat,
    /// What a command reads; `None` for a Task.
    input: Option<Payload>,
    log: Option<Arc<AttemptLog>>,
    wasi: Option<Box<Wasi>>,
}

impl Guest {
    pub(super) fn new(
        memory: MemoryLimiter,
        context: Context,
        on_heartbeat: OnHeartbeat,
        input: Option<Payload>,
    ) -> Self {
        Self {
            memory,
            context: Arc::new(context),
            on_heartbeat,
            input,
            log: None,
            wasi: None,
        }
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn log(&mut self) -> &Arc<AttemptLog> {
        let context = &self.context;
        self.log
            .get_or_insert_with(|| Arc::new(AttemptLog::new(Arc::clone(context))))
    }

    /// What standard error last said; empty when the guest never wrote there.
    pub(super) fn stderr_tail(&self) -> String {
        self.log
            .as_ref()
            .map(|log| log.stderr_tail())
            .unwrap_or_default()
    }

    /// The end of the log, when the guest has ended.
    pub(super) fn log_tail(&self) -> String {
        let log = self.log.as_ref();
        log.map(|log| log.tail()).unwrap_or_default()
    }

    /// Takes what a command printed.
    pub(super) fn take_printed(&self) -> Vec<u8> {
        let printed = self.wasi.as_ref().and_then(|wasi| wasi.printed.as_ref());
        printed
            .map(|printed| std::mem::take(&mut *printed.bytes()))
            .unwrap_or_default()
    }

    pub(super) fn time(&mut self) -> &GuestTime {
        &self.wasi().time
    }

    pub(super) fn preview1(&mut self) -> &mut WasiP1Ctx {
        &mut self.wasi().context
    }

    pub(super) fn monotonic_clock(&mut self) -> MonotonicView<'_> {
        let wasi = self.wasi();
        MonotonicView {
            time: &wasi.time,
            table: wasi.context.ctx().table,
        }
    }

    fn wasi(&mut self) -> &mut Wasi {
        if self.wasi.is_none() {
            let log = Stream(Arc::clone(self.log()));
            let wasi = Wasi::new(&self.context, self.input.as_ref(), log);
            self.wasi = Some(Box::new(wasi));
        }
        self.wasi.as_mut().expect("made just above")
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(log) = &self.log {
            log.finish();
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi().context.ctx()
    }
}

impl types::Host for Guest {}

impl host::Host for Guest {
    fn get_context(&mut self) -> host::Context {
        let context = &self.context;
        let milliseconds = |moment: asl::Timestamp| u64::try_from(moment.0).unwrap_or(0);
        host::Context {
            execution_arn: context.execution_arn.clone(),
            state_machine_arn: context.state_machine_arn.clone(),
            state_name: context.state_name.clone(),
            retry_count: context.retry_count,
            idempotency_key: context.idempotency_key.clone(),
            started_at: milliseconds(context.started_at),
            deadline: context.deadline.map(milliseconds),
        }
    }

    fn heartbeat(&mut self) {
        (self.on_heartbeat)();
    }

    fn log(&mut self, level: host::Level, message: String, fields: String) {
        self.log().line(level, &message, &fields);
    }
}
