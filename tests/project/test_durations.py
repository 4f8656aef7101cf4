"""The order in which files go out."""

from project import durations


def test_the_longest_goes_out_first_and_a_new_file_before_those_that_are_known_to_be_short():
    places = [durations.place(seconds) for seconds in (80, 20, durations.UNKNOWN, 1.9, 0.5)]
    assert places == sorted(places)
    assert len(set(places)) == 5
    assert durations.place(8.0) == durations.place(15.9), "about the same length: their order stays random"


def test_seconds_are_read_from_the_report_of_a_run(tmp_path):
    report = tmp_path / "suite.xml"
    report.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="tests.project.test_durations" name="a" time="0.5"/>'
        '<testcase classname="tests.project.test_durations.TestX" name="b" time="1.0"/>'
        '<testcase classname="tests.project.test_samples" name="c" time="0.1"/>'
        '<testcase classname="tests.project.test_gone" name="d" time="9"/>'
        "</testsuite></testsuites>"
    )
    took = durations.read(report)
    assert took == {"tests/project/test_durations.py": 1.5, "tests/project/test_samples.py": 0.1}
    assert durations.written(took) == "   1.5 tests/project/test_durations.py\n"


def test_what_is_kept_can_be_read():
    assert min(durations.known().values()) >= durations.LEAST
