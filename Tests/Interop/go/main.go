// Calls a running textflixd with containerd's own ttrpc client, and holds what comes back against
// the protocol: answers, error codes, deadlines, many calls at once on one connection.
//
//	ttrpc-check -socket PATH [-model NAME]
//
// One line a check, "--- PASS: name" or "--- FAIL: name: why"; exits 1 if one failed. The daemon
// must have a sequence classifier as its default model (any weights do). Built from Debian's
// packages alone, outside of modules:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o ttrpc-check .
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const service = "textflix.v1.Textflix"

var model = flag.String("model", "", "name of the model; default: the daemon's own")

// daemon is one connection to it.
type daemon struct{ *ttrpc.Client }

func connect(socket string, opts ...ttrpc.ClientOpts) daemon {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ttrpc-check:", err)
		os.Exit(69)
	}
	return daemon{ttrpc.NewClient(conn, opts...)}
}

// call waits up to a minute: a check must end, also when the daemon forgets it.
func (d daemon) call(method string, request, response interface{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return d.Call(ctx, service, method, request, response)
}

func (d daemon) classify(texts ...string) (*ClassifyResponse, error) {
	response := new(ClassifyResponse)
	err := d.call("Classify", &ClassifyRequest{Model: *model, Texts: texts}, response)
	return response, err
}

func expect(err error, code codes.Code) error {
	if got := status.Code(err); got != code {
		return fmt.Errorf("want %v, got %v: %v", code, got, err)
	}
	return nil
}

func plausible(results []*Classification, count int) error {
	if len(results) != count {
		return fmt.Errorf("%d results for %d texts", len(results), count)
	}
	for _, result := range results {
		sum, best := 0.0, float32(0)
		for _, score := range result.Scores {
			sum += float64(score.Probability)
			if score.Probability > best {
				best = score.Probability
			}
		}
		if result.Code != 0 || result.Label == "" || math.Abs(sum-1) > 1e-3 ||
			best != result.Probability || result.Tokens < 3 {
			return fmt.Errorf("no plausible classification: %+v", *result)
		}
	}
	return nil
}

func classification(d daemon) error {
	response, err := d.classify("A fine film.", "Two hours I will not get back.")
	if err != nil {
		return err
	}
	if response.Model == "" || response.Revision == "" {
		return errors.New("the answer names no model or no revision")
	}
	return plausible(response.Results, 2)
}

func concurrentCalls(d daemon) error {
	alone, err := d.classify("Slow start, great end.")
	if err != nil {
		return err
	}
	failures := make(chan error, 8)
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := 0; round < 10; round++ {
				among, err := d.classify("Slow start, great end.")
				if err == nil && !reflect.DeepEqual(among.Results, alone.Results) {
					err = fmt.Errorf("alone %v, among others %v", alone.Results, among.Results)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

func badTextFailsAlone(d daemon) error {
	response := new(ClassifyResponse)
	texts := [][]byte{[]byte("Fine."), []byte("Bad \xff!"), []byte("Fine.")}
	if err := d.call("Classify", &RawRequest{Model: *model, Texts: texts}, response); err != nil {
		return err
	}
	if len(response.Results) != 3 {
		return fmt.Errorf("%d results for 3 texts", len(response.Results))
	}
	bad := response.Results[1]
	if codes.Code(bad.Code) != codes.InvalidArgument || !strings.Contains(bad.Error, "4") {
		return fmt.Errorf("want INVALID_ARGUMENT at byte 4, got %d %q", bad.Code, bad.Error)
	}
	return plausible([]*Classification{response.Results[0], response.Results[2]}, 2)
}

// wrong returns a check that some request fails with a code.
func wrong(method string, request interface{}, code codes.Code) func(daemon) error {
	return func(d daemon) error {
		return expect(d.call(method, request, new(ClassifyResponse)), code)
	}
}

func unknownService(d daemon) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := d.Call(ctx, "textflix.v9.Textflix", "Classify", &ClassifyRequest{}, &ClassifyResponse{})
	return expect(err, codes.Unimplemented)
}

// The client itself would give up on such a deadline; so it is put into the request on its way.
func deadlinePasses(socket string) func(daemon) error {
	hurried := connect(socket, ttrpc.WithUnaryClientInterceptor(
		func(ctx context.Context, request *ttrpc.Request, response *ttrpc.Response,
			_ *ttrpc.UnaryClientInfo, invoke ttrpc.Invoker) error {
			request.TimeoutNano = 1
			return invoke(ctx, request, response)
		}))
	return func(daemon) error {
		_, err := hurried.classify("Too late.")
		return expect(err, codes.DeadlineExceeded)
	}
}

func metadataIsAccepted(d daemon) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx = ttrpc.WithMetadata(ctx, ttrpc.MD{"trace": []string{"1", "2"}})
	request := &ClassifyRequest{Model: *model, Texts: []string{"Fine."}}
	return d.Call(ctx, service, "Classify", request, new(ClassifyResponse))
}

func serverStatus(d daemon) error {
	response := new(StatusResponse)
	if err := d.call("Status", &StatusRequest{}, response); err != nil {
		return err
	}
	if response.Version == "" || len(response.Models) == 0 || response.ProcessID == 0 {
		return fmt.Errorf("an incomplete status: %+v", *response)
	}
	return nil
}

func tokens(d daemon) error {
	response := new(TokenizeResponse)
	request := &ClassifyRequest{Model: *model, Texts: []string{"one two three"}}
	if err := d.call("Tokenize", request, response); err != nil {
		return err
	}
	if len(response.Results) != 1 || len(response.Results[0].IDs) < 3 {
		return fmt.Errorf("three words, but %v", response.Results)
	}
	return nil
}

func main() {
	socket := flag.String("socket", "/run/textflix/textflix.sock", "the daemon's socket")
	flag.Parse()
	d := connect(*socket)
	failed := false
	for _, check := range []struct {
		name string
		run  func(daemon) error
	}{
		{"classification", classification},
		{"concurrent calls", concurrentCalls},
		{"a bad text fails alone", badTextFailsAlone},
		{"no such model", wrong("Classify",
			&ClassifyRequest{Model: "no-such-model", Texts: []string{"a"}}, codes.NotFound)},
		{"no such method", wrong("Divine", &ClassifyRequest{}, codes.Unimplemented)},
		{"no such service", unknownService},
		{"no texts", wrong("Classify", &ClassifyRequest{Model: *model}, codes.InvalidArgument)},
		{"a malformed message", wrong("Classify", &MalformedRequest{7}, codes.InvalidArgument)},
		{"a deadline passes", deadlinePasses(*socket)},
		{"metadata is accepted", metadataIsAccepted},
		{"status", serverStatus},
		{"tokens", tokens},
		{"the connection is as good as before", classification},
	} {
		if err := check.run(d); err != nil {
			failed = true
			fmt.Printf("--- FAIL: %s: %v\n", check.name, err)
		} else {
			fmt.Printf("--- PASS: %s\n", check.name)
		}
	}
	if failed {
		os.Exit(1)
	}
}
