/* By testdata/statistics.py, NumPy 2.4.6, SciPy 1.17.1. */
static const struct {
	unsigned a, b;
	double at, low, high;
} shifts[] = {
	{ 5, 5, 0.110438787, -0.744036579, 0.780978281 },
	{ 5, 7, 0.491437012, 0.167641286, 1.1648735 },
	{ 10, 10, 0.124650082, -0.222495566, 0.533531835 },
	{ 20, 30, 0.196775638, -0.0871362531, 0.490240775 },
};
static const struct {
	unsigned a, b;
	double u, p;
} mann_whitney[] = {
	{ 5, 5, 2, 0.0158730159 },
	{ 5, 5, 3, 0.0277777778 },
	{ 4, 9, 10, 0.13006993 },
	{ 10, 10, 23, 0.0216285263 },
	{ 30, 40, 450, 0.0379626274 },
};
static const double normal_p[] = { 0.5, 0.975, 0.99, 0.99999 };
static const double normal_z[] = { 0, 1.95996398, 2.32634787, 4.26489079 };
static const double permuted_statistic[] = { 0.852023192, 0.0464568879, 1.80370123, -0.146589014,
	1.0227225, 0.913827894, -0.999427227 };
static const double permuted_p[] = { 0.384920635, 0.928571429, 0.0119047619, 0.928571429,
	0.373015873, 0.384920635, 0.932539683 };
static const double permuted_critical[] = { 1.48933354 };
static const double twelve_variance_median[] = { 0.096356586, 0.478408766, 0.534596698 };
