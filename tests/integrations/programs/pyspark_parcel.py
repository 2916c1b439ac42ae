"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from pyspark.sql import SparkSession

from pickleloaf.integrations import parcel

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
task = parcel(lambda given: use(*given), returns=True)
given = spark.sparkContext.parallelize([parcel((patched_turkey(), counter()))])
(answer,) = given.map(task).collect()
check(answer)
spark.stop()
