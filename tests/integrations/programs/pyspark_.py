"""One program for each framework; tests/integrations/test_frameworks.py puts turkey.py at its head."""

from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

from pickleloaf import integrations

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
integrations.use_in_pyspark()
turkey, pair = patched_turkey(), counter()
numbers = spark.sparkContext.parallelize([1])
(answer,) = numbers.map(lambda _: integrations.parcel(use(turkey, pair))).collect()
check(answer)
hi = udf(lambda n: turkey.hi() * n, "string")
((said,),) = spark.range(2, 3).select(hi("id")).collect()
assert said == "SQUAWKSQUAWK", said
print("arrived")
spark.stop()
