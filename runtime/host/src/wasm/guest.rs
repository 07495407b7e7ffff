//! What the host keeps for one instance, and the functions it offers it.

use std::sync::Arc;

use asl::{ErrorName, Failure, Payload};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::bindings::stepwell::task::{host, types};
use super::clock::{GuestTime, MonotonicView};
use super::denials::Denials;
use super::http::{Http, Outgoing};
use super::limits::InstanceLimiter;
use super::log::AttemptLog;
use super::secrets::{NoSecret, SecretStore, Secrets};
use super::stream::Stream;
use super::wasi::{NoDirectory, Surroundings, Wasi};
use crate::{Context, Grants, Limits, Module, OnHeartbeat};

/// The data of one instance's store. What few guests use is made when first used: most of
/// the cost of an attempt would otherwise be a WASI that nobody asked for.
pub(super) struct Guest {
    pub(super) memory: InstanceLimiter,
    context: Arc<Context>,
    limits: Limits,
    grants: Arc<Grants>,
    secrets: Option<Arc<Secrets>>,
    on_heartbeat: OnHeartbeat,
    /// What a command reads; `None` for a Task.
    input: Option<Payload>,
    denials: Arc<Denials>,
    log: Option<Arc<AttemptLog>>,
    wasi: Option<Box<Wasi>>,
    http: Option<Box<Http>>,
}

impl Guest {
    /// `input` is what a command reads; a Task reads nothing.
    pub(super) fn new(
        module: &Module,
        context: Context,
        on_heartbeat: OnHeartbeat,
        input: Option<Payload>,
    ) -> Self {
        Self {
            memory: InstanceLimiter::new(&module.limits),
            context: Arc::new(context),
            limits: module.limits,
            grants: Arc::clone(&module.grants),
            secrets: None,
            on_heartbeat,
            input,
            denials: Arc::default(),
            log: None,
            wasi: None,
            http: None,
        }
    }

    /// Gets what is granted and might not be had: secrets and directories. Blocks.
    pub(super) fn equip(&mut self, store: &SecretStore) -> Result<(), NotEquipped> {
        let grants = Arc::clone(&self.grants);
        if !grants.secrets.is_empty() {
            self.secrets = Some(Arc::new(store.find(&grants.secrets)?));
        }
        if !grants.directories.is_empty() {
            self.wasi = Some(Box::new(self.new_wasi()?));
        }
        Ok(())
    }

    pub(super) fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(super) fn denials(&self) -> &Denials {
        &self.denials
    }

    /// Keeps the secrets out of how an attempt ended: none is told in a cause, and an answer that
    /// holds one is none.
    pub(super) fn keep_secrets(
        &self,
        result: Result<Payload, Failure>,
    ) -> Result<Payload, Failure> {
        let Some(secrets) = &self.secrets else {
            return result;
        };
        match result {
            Ok(answer) => match secrets.found_in(answer.text()) {
                None => Ok(answer),
                Some(name) => Err(Failure::new(
                    ErrorName::WASM_INVALID_OUTPUT,
                    format!(
                        "the answer holds the secret {name}, which must not come into an \
                         execution's history; answer without it"
                    ),
                )),
            },
            Err(failure) => Err(Failure {
                error: failure.error.map(|name| ErrorName(secrets.masked(name.0))),
                cause: failure.cause.map(|cause| secrets.masked(cause)),
            }),
        }
    }

    /// What HTTP requests and responses carried, in bytes.
    pub(super) fn http_bytes(&self) -> u64 {
        self.http.as_ref().map_or(0, |http| http.bytes())
    }

    pub(super) fn log(&mut self) -> &Arc<AttemptLog> {
        let Self {
            context,
            limits,
            secrets,
            log,
            ..
        } = self;
        log.get_or_insert_with(|| {
            let (context, secrets) = (Arc::clone(context), secrets.clone());
            Arc::new(AttemptLog::new(context, limits.log_bytes_max, secrets))
        })
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

    /// Where HTTP requests go out, and what they are told of.
    pub(super) fn outgoing(&mut self) -> Outgoing<'_> {
        if self.http.is_none() {
            let log = Arc::clone(self.log());
            let denials = Arc::clone(&self.denials);
            let told = Arc::new(move |denial: String| {
                if let Some(line) = denials.note(denial) {
                    log.line(host::Level::Warn, &line, "");
                }
            });
            let http = Http::new(&self.limits, Arc::clone(&self.grants), told);
            self.http = Some(Box::new(http));
        }
        self.wasi();
        let (wasi, http) = (self.wasi.as_mut(), self.http.as_mut());
        let table = wasi.expect("made just above").context.ctx().table;
        http.expect("made just above").outgoing(table)
    }

    fn wasi(&mut self) -> &mut Wasi {
        if self.wasi.is_none() {
            let wasi = self.new_wasi();
            let wasi = wasi.expect("only directories can fail, and those were opened before");
            self.wasi = Some(Box::new(wasi));
        }
        self.wasi.as_mut().expect("made just above")
    }

    fn new_wasi(&mut self) -> Result<Wasi, NoDirectory> {
        let log = Stream(Arc::clone(self.log()));
        Wasi::new(Surroundings {
            context: &self.context,
            limits: &self.limits,
            grants: &self.grants,
            secrets: self.secrets.as_deref(),
            input: self.input.as_ref(),
            log,
        })
    }
}

/// Something that is granted cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotEquipped {
    #[error(transparent)]
    Secret(#[from] NoSecret),
    #[error(transparent)]
    Directory(#[from] NoDirectory),
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

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.outgoing().into_view()
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
