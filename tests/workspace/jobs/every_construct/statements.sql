-- two statements; the last one's rows are the output
CREATE OR REPLACE TEMPORARY VIEW numbers AS SELECT 1 AS one;
SELECT CAST(:n AS INT) + one AS larger FROM numbers;
