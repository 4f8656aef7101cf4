# One matching by R MatchIt on a table of little-endian doubles: Rscript matchit.R FOLDER METHOD
# Prints one line of JSON: seconds of processor time of matchit() alone, the two estimates, the peak memory of the process.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
method <- arguments[2]
suppressMessages(library(MatchIt))
names <- readLines(file.path(folder, "columns.txt"))
rows <- as.integer(readLines(file.path(folder, "rows.txt")))
read <- function(name) {
  connection <- file(file.path(folder, paste0(name, ".f64")), "rb")
  on.exit(close(connection))
  readBin(connection, "double", rows, endian = "little")
}
table <- as.data.frame(lapply(setNames(names, names), read))
table$treat <- as.integer(table$treat)
covariates <- grep("^x[0-9]+$", names, value = TRUE)
formula <- reformulate(covariates, "treat")
with_strata <- reformulate(c(covariates, "store", "tenure"), "treat")
before <- proc.time()
found <- switch(method,
  propensity = matchit(formula, table, method = "nearest", distance = "glm", exact = ~ store + tenure, replace = TRUE),
  mahalanobis = matchit(formula, table, method = "nearest", distance = "mahalanobis", exact = ~ store + tenure, replace = TRUE),
  cem = {
    table$store <- factor(table$store)
    table$tenure <- factor(table$tenure)
    matchit(with_strata, table, method = "cem", cutpoints = 4)
  }
)
used <- proc.time() - before
weight <- found$weights
difference <- function(y) {
  one <- table$treat == 1
  weighted.mean(y[one], weight[one]) - weighted.mean(y[!one], weight[!one])
}
peak <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE)))
cat(sprintf(
  '{"cpu": %.4f, "wall": %.4f, "levels": %.9f, "change": %.9f, "matched": %d, "peak_mb": %.1f}\n',
  used["user.self"] + used["sys.self"], used["elapsed"], difference(table$after), difference(table$after - table$before),
  sum(weight[table$treat == 1] > 0), peak / 1024
))
