//! Kannel itself, between a desk and a message centre.

use crate::centre::Centre;
use crate::desk::{Desk, SECRET, SOON, secret, settings};
use sijill_outreach::kannel::settings::KannelSettings;
use sijill_scenarios::kannel::{Kannel, Setup, free};
use std::time::{Duration, Instant};

pub use sijill_scenarios::kannel::can_run;

const PASSWORD: &str = "send & receive";

/// A Kannel that runs until it is dropped, the centre behind it, and a desk before it.
pub struct Scene {
    pub centre: Centre,
    pub desk: Desk,
    pub settings: KannelSettings,
    kannel: Kannel,
}

impl Scene {
    pub async fn open() -> Self {
        Self::with(PASSWORD, 360).await
    }

    /// One whose desk has another password than Kannel.
    pub async fn with_another_password() -> Self {
        Self::with("another", 360).await
    }

    /// One that makes a callback again so often.
    pub async fn calling_again(times: u32) -> Self {
        Self::with(PASSWORD, times).await
    }

    async fn with(password: &str, retries: u32) -> Self {
        let mut settings = settings(free());
        let centre = free();
        let setup = Setup {
            centre,
            callbacks: settings.callbacks.listen,
            secret: SECRET.to_owned(),
            password: PASSWORD.to_owned(),
            retries,
        };
        let centre = Centre::open(centre).await;
        let kannel = Kannel::open(&setup);
        until(|| centre.peer().is_some()).await;
        settings.address = kannel.address();
        settings.password = secret(password);
        Self {
            desk: Desk::open(settings.clone()),
            settings,
            centre,
            kannel,
        }
    }

    /// Everything in its log files.
    pub fn logs(&self) -> String {
        self.kannel.logs()
    }
}

/// Waits until it is so.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "it does not come to be");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
