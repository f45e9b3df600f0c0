use crate::{
    Error, Identity, TABLE_NAME, cargo_lambda,
    data_dir::{DATABASE, DataDir},
    dynamodb::{self, Dynamodb},
    env_file::{self, Credentials},
    functions::{self, Watch},
    printed::{self, Output},
    supervisor::Supervisor,
    table, workspace_root,
};
use aws_sdk_dynamodb::Client;
use std::{
    fs::File,
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// cargo-lambda reads the workspace's metadata before it listens, which on a machine that is busy
/// takes seconds.
const START: Duration = Duration::from_secs(60);

/// How the local stack is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the API; 0 for any free one.
    pub port: u16,
    /// Where the data is.
    pub database: Database,
    /// Directory of the key, the environment file and the database; one instance at a time.
    pub data_dir: PathBuf,
    /// Instances per function; requests beyond that wait.
    pub concurrency: usize,
    /// Leave the functions as they are when their source changes.
    pub ignore_changes: bool,
    /// File for all that cargo-lambda and the functions print, begun anew; `None` for where this
    /// process prints, or for nowhere where someone is told each line.
    pub log: Option<PathBuf>,
}

/// The DynamoDB of the local stack.
#[derive(Debug, Clone)]
pub enum Database {
    /// An embedded one that forgets everything when it stops.
    InMemory {
        /// Its port; 0 for any free one.
        port: u16,
    },
    /// An embedded one, with its file in the data directory.
    File {
        /// Its port; 0 for any free one.
        port: u16,
    },
    /// One that runs already.
    External {
        /// Its URL.
        endpoint: String,
    },
}

/// The running local stack. Dropping it stops it as well; [`Stack::stop`] also says how that went.
#[derive(Debug)]
pub struct Stack {
    /// Where the API answers: `http://127.0.0.1:PORT`.
    pub api_url: String,
    /// Where DynamoDB answers.
    pub dynamodb_url: String,
    /// Signs the tokens that the functions take.
    pub identity: Arc<Identity>,
    /// What to read when the functions fail.
    log: String,
    // Dropped in this order: the functions go before their database, and that before its lock.
    supervisor: Supervisor,
    _dynamodb: Option<Dynamodb>,
    _data_dir: DataDir,
}

impl Stack {
    /// Starts everything, compiling what is not compiled, and returns when the API answers.
    /// `progress` is told each step, in a line.
    ///
    /// # Errors
    /// When a step fails; nothing is left running then.
    pub async fn start(options: Options, progress: impl Fn(&str)) -> Result<Self, Error> {
        Self::begin(options, progress, |log| log.map(Output::to).transpose()).await
    }

    /// The same; and `printed` is told each line that cargo-lambda or a function prints.
    ///
    /// # Errors
    /// As [`Stack::start`].
    pub async fn start_watched(
        options: Options,
        progress: impl Fn(&str),
        printed: impl Fn(&str) + Send + Clone + 'static,
    ) -> Result<Self, Error> {
        Self::begin(options, progress, |log| Output::watched(log, printed).map(Some)).await
    }

    /// `output` makes of the log file, if there is to be one, what cargo-lambda prints to.
    async fn begin(
        options: Options,
        progress: impl Fn(&str),
        output: impl FnOnce(Option<File>) -> Result<Option<Output>, Error>,
    ) -> Result<Self, Error> {
        let root = workspace_root();
        let data_dir = DataDir::lock(&options.data_dir)?;
        // The build comes late: nobody waits for it to read that a port is taken.
        let listener = match options.database {
            Database::InMemory { port } | Database::File { port } => {
                Some(dynamodb::listen(port, "--dynamodb-port")?)
            }
            Database::External { .. } => None,
        };
        free_port(options.port)?;
        let identity = Arc::new(Identity::load_or_create(data_dir.path())?);

        let running = Running::start(&options.database, listener, &data_dir, &progress).await?;
        progress(&format!("Making sure of the table {TABLE_NAME}, as template.yaml defines it"));
        table::create(&running.client, TABLE_NAME).await?;
        let env_file = data_dir.join("env");
        let text = env_file::render(&running.url, &running.region, running.credentials, &identity);
        env_file::write(&env_file, &text)?;

        let cargo_lambda = cargo_lambda::find_or_install(&root.join("target/local-tools"), &progress).await?;
        progress("Building the functions; the first time this takes minutes");
        let local = functions::build(&root).await?;

        progress("Starting cargo lambda watch");
        let port = free_port(options.port)?;
        let watch = Watch {
            cargo_lambda: &cargo_lambda,
            port,
            env_file: &env_file,
            own_credentials: running.credentials == Credentials::MadeUp,
            concurrency: options.concurrency,
            ignore_changes: options.ignore_changes,
        };
        let output = output(options.log.as_deref().map(printed::create).transpose()?)?;
        let log = options.log.map_or("its output above".to_owned(), |log| log.display().to_string());
        let supervisor = watch.start(&local, &root, output)?;
        let mut stack = Self {
            api_url: format!("http://127.0.0.1:{port}"),
            dynamodb_url: running.url,
            identity,
            log,
            supervisor,
            _dynamodb: running.embedded,
            _data_dir: data_dir,
        };
        stack.answer().await?;
        Ok(stack)
    }

    /// Resolves when cargo-lambda has ended by itself, with the reason. The rest runs on until
    /// this is stopped or dropped.
    pub async fn stopped(&mut self) -> Error {
        Error::Stopped(self.supervisor.ended().await, self.log.clone())
    }

    /// Stops everything that it started, and returns when all of it is gone.
    ///
    /// # Errors
    /// When something would not stop.
    pub async fn stop(mut self) -> Result<(), Error> {
        // In a thread for what blocks, as the runtime may be the caller's only thread.
        let stopped = tokio::task::spawn_blocking(move || {
            let result = self.supervisor.stop();
            drop(self);
            result
        });
        stopped.await.unwrap_or_else(|panic| Err(Error::program("cargo-lambda")(panic.into())))
    }

    /// Waits until the API answers, whatever it answers.
    async fn answer(&mut self) -> Result<(), Error> {
        let client = http_client();
        // The emulator's own route of invocations takes POST only; it answers this with 405 and,
        // unlike a path without a route, logs no error.
        let url = format!("{}/2015-03-31/functions/local/invocations", self.api_url);
        let deadline = Instant::now() + START;
        while client.get(&url).send().await.is_err() {
            if Instant::now() > deadline {
                return Err(Error::Silent(self.api_url.clone(), START.as_secs()));
            }
            let pause = tokio::time::sleep(Duration::from_millis(50));
            tokio::select! {
                () = pause => {}
                error = self.stopped() => return Err(error),
            }
        }
        Ok(())
    }
}

/// A client for what listens on loopback, which no proxy leads to.
pub fn http_client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
    client.unwrap_or_default()
}

/// A DynamoDB that answers, and how to talk to it.
struct Running {
    embedded: Option<Dynamodb>,
    url: String,
    client: Client,
    region: String,
    credentials: Credentials,
}

impl Running {
    async fn start(
        database: &Database,
        listener: Option<TcpListener>,
        data_dir: &DataDir,
        progress: &impl Fn(&str),
    ) -> Result<Self, Error> {
        let file = matches!(database, Database::File { .. }).then(|| data_dir.join(DATABASE));
        match (database, listener) {
            (Database::External { endpoint }, _) => {
                let credentials = Credentials::of_environment();
                let (client, region) = dynamodb::external_client(endpoint, credentials).await;
                Ok(Self { embedded: None, url: endpoint.clone(), client, region, credentials })
            }
            (_, listener) => {
                progress("Starting the embedded DynamoDB");
                let listener = listener.map_or_else(|| dynamodb::listen(0, "--dynamodb-port"), Ok)?;
                let embedded = Dynamodb::serve(listener, file.as_deref())?;
                Ok(Self {
                    url: embedded.url(),
                    client: embedded.client(),
                    embedded: Some(embedded),
                    region: dynamodb::REGION.to_owned(),
                    credentials: Credentials::MadeUp,
                })
            }
        }
    }
}

/// The port, or for 0 one that is free now. cargo-lambda takes no listener, so this can only look.
fn free_port(port: u16) -> Result<u16, Error> {
    let listener = dynamodb::listen(port, "--port")?;
    listener.local_addr().map(|address| address.port()).map_err(Error::program("cargo-lambda"))
}
