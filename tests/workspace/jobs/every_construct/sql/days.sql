-- two statements: the last one's rows are the task's output
SELECT 'not; split here' AS text;
SELECT date_add(to_date(:day), CAST(:shift AS INT)) AS next_day
