# Open data with R: all records with base R, one page with httr2.
#
#     Rscript client.R http://127.0.0.1:8080 school-calendar
arguments <- commandArgs(trailingOnly = TRUE)
base <- sub("/$", "", arguments[1])
dataset <- arguments[2]

# Base R: codes such as 007 stay texts with colClasses = "character".
records <- read.csv(
  paste0(base, "/v1/datasets/", dataset, "/records.csv"),
  colClasses = "character", na.strings = "", fileEncoding = "UTF-8"
)
cat(dataset, ":", nrow(records), "records\n")

# httr2, if it is installed: filters and pages as JSON.
if (requireNamespace("httr2", quietly = TRUE)) {
  page <- httr2::request(base) |>
    httr2::req_url_path_append("v1", "datasets", dataset, "records") |>
    httr2::req_url_query(limit = 2) |>
    httr2::req_perform() |>
    httr2::resp_body_json()
  cat("first page:", length(page$data), "records\n")
}
