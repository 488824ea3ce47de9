"""One Spark for all tests of this folder."""

import signal
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from proptech_pipelines_tests.spark.jvm import spark_gateway


@pytest.fixture(scope="package")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on two threads, in UTC, without a web page, whose files are the test's."""
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(folder),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    on_interrupt = signal.getsignal(signal.SIGINT)
    with spark_gateway(folder) as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        gateway = session.sparkContext._gateway
        assert gateway is not None
        yield session
        session.stop()
        gateway.shutdown()
    signal.signal(signal.SIGINT, on_interrupt)  # pyspark puts its own in the place
