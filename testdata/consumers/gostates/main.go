// Gostates tells what Go's own reader makes of an execution trace, state by state, and unpacks the
// reader's test corpus. It is built inside a copy of golang.org/x/exp, as the tool that turns text
// traces into binary ones is internal there.
//
//	gostates states TRACE         # GOROUTINE NS STATE for each change; then "end NS" or "refused NS WHY"
//	gostates calls TRACE          # NS NS FUNCTION...: of system calls, by stack: as Go counts them, and
//	                              # those without a P, with those that are open at the end
//	gostates unpack FOLDER TEST...  # FOLDER/NAME.trace of each text trace or seed of a fuzz target
//
// Times are nanoseconds since the first Sync. A goroutine in a system call is running until its P is
// taken, and blocked from there.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/exp/trace"
	"golang.org/x/exp/trace/internal/testtrace"
)

type states struct {
	out         *bufio.Writer
	begun       bool
	zero        trace.Time
	sync        trace.Time
	last        trace.Time
	told        map[trace.GoID]string
	callers     map[trace.ProcID]trace.GoID // the goroutine in a system call on each P
	executorsOf map[trace.GoID]trace.ProcID
	calls       map[trace.GoID]*call
	sums        map[string]*callTime // by the functions of a stack
}

// A system call: when it is first seen, and when its P was taken.
type call struct {
	begun, lost trace.Time
	isLost      bool
	stack       string
}

type callTime struct{ whole, lost int64 }

func functions(stack trace.Stack) string {
	var names []string
	for frame := range stack.Frames() {
		names = append(names, frame.Func)
	}
	return strings.Join(names, "\t")
}

func (s *states) sumOf(c *call) *callTime {
	if s.sums[c.stack] == nil {
		s.sums[c.stack] = &callTime{}
	}
	return s.sums[c.stack]
}

func (s *states) loseProc(g trace.GoID, at trace.Time) {
	if c := s.calls[g]; c != nil && !c.isLost {
		c.isLost, c.lost = true, at
	}
}

func (s *states) endCall(g trace.GoID, at trace.Time) {
	c := s.calls[g]
	if c == nil {
		return
	}
	delete(s.calls, g)
	s.sumOf(c).whole += int64(at - c.begun)
	if c.isLost {
		s.sumOf(c).lost += int64(at - c.lost)
	}
}

func (s *states) tell(g trace.GoID, at trace.Time, state string) {
	if s.told[g] != state {
		fmt.Fprintln(s.out, g, int64(at-s.zero), state)
		s.told[g] = state
	}
	if state == "ended" {
		delete(s.told, g)
	}
}

func (s *states) leaveCall(g trace.GoID) {
	if p, in := s.executorsOf[g]; in {
		if s.callers[p] == g {
			delete(s.callers, p)
		}
		delete(s.executorsOf, g)
	}
}

func (s *states) enterCall(g trace.GoID, ev trace.Event) string {
	p := ev.Proc()
	if p == trace.NoProc {
		return "blocked"
	}
	s.callers[p], s.executorsOf[g] = g, p
	return "running"
}

func (s *states) goroutine(ev trace.Event, st trace.StateTransition) {
	g := st.Resource.Goroutine()
	from, to := st.Goroutine()
	if from == to {
		return
	}
	at := ev.Time()
	if from == trace.GoUndetermined {
		at = s.sync
	}
	s.leaveCall(g)
	s.endCall(g, ev.Time())
	switch to {
	case trace.GoRunnable:
		s.tell(g, at, "runnable")
	case trace.GoRunning:
		s.tell(g, at, "running")
	case trace.GoWaiting:
		s.tell(g, at, "blocked")
	case trace.GoNotExist:
		s.tell(g, at, "ended")
	case trace.GoSyscall:
		state := s.enterCall(g, ev)
		s.tell(g, at, state)
		s.calls[g] = &call{begun: ev.Time(), stack: functions(st.Stack)}
		if state == "blocked" {
			s.loseProc(g, at)
		}
	}
}

func (s *states) proc(ev trace.Event, st trace.StateTransition) {
	from, to := st.Proc()
	g, in := s.callers[st.Resource.Proc()]
	if in && from != to && to == trace.ProcIdle {
		s.leaveCall(g)
		s.tell(g, ev.Time(), "blocked")
		s.loseProc(g, ev.Time())
	}
}

func (s *states) event(ev trace.Event) {
	if !s.begun {
		s.begun, s.zero = true, ev.Time()
	}
	if ev.Kind() != trace.EventSync {
		s.last = ev.Time()
	}
	switch ev.Kind() {
	case trace.EventSync:
		s.sync = ev.Time()
	case trace.EventStateTransition:
		st := ev.StateTransition()
		switch st.Resource.Kind {
		case trace.ResourceGoroutine:
			s.goroutine(ev, st)
		case trace.ResourceProc:
			s.proc(ev, st)
		}
	}
}

func (s *states) read(file io.Reader) error {
	r, err := trace.NewReader(file)
	if err != nil {
		return err
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s.event(ev)
	}
}

func newStates(out io.Writer) *states {
	return &states{out: bufio.NewWriter(out), told: map[trace.GoID]string{},
		callers: map[trace.ProcID]trace.GoID{}, executorsOf: map[trace.GoID]trace.ProcID{},
		calls: map[trace.GoID]*call{}, sums: map[string]*callTime{}}
}

func tellCalls(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	s := newStates(io.Discard)
	if err := s.read(file); err != nil {
		return err
	}
	for _, c := range s.calls {
		if c.isLost {
			s.sumOf(c).lost += int64(s.last - c.lost)
		}
	}
	for stack, sum := range s.sums {
		fmt.Printf("%d\t%d\t%s\n", sum.whole, sum.lost, stack)
	}
	return nil
}

func tellStates(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	s := newStates(os.Stdout)
	err = s.read(file)
	if err != nil {
		why, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(s.out, "refused", int64(s.last-s.zero), why)
	} else {
		fmt.Fprintln(s.out, "end", int64(s.last-s.zero))
	}
	return s.out.Flush()
}

// A seed is a line that says how Go writes the file's format, and a quoted string.
func seed(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitN(string(data), "\n", 3)
	text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(lines[1]), "[]byte("), ")")
	plain, err := strconv.Unquote(text)
	return []byte(plain), err
}

func unpack(folder string, paths []string) error {
	for _, path := range paths {
		var data []byte
		var err error
		if strings.HasSuffix(path, ".test") {
			var r io.Reader
			if r, _, _, err = testtrace.ParseFile(path); err == nil {
				data, err = io.ReadAll(r)
			}
		} else {
			data, err = seed(path)
		}
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".test") + ".trace"
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "states":
		err = tellStates(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "calls":
		err = tellCalls(os.Args[2])
	case len(os.Args) > 3 && os.Args[1] == "unpack":
		err = unpack(os.Args[2], os.Args[3:])
	default:
		err = fmt.Errorf("usage: gostates states|calls TRACE | unpack FOLDER TEST...")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
