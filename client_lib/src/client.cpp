#include "clutch/client.hpp"

#include "client_engine.hpp"
#include "clutch/detail/decode.hpp"
#include "io/endpoint.hpp"

namespace clutch {
namespace {

CallOptions call_options(std::string pool) {
  CallOptions options;
  options.pool = std::move(pool);
  return options;
}

}  // namespace

Client::Client(std::shared_ptr<detail::ClientEngine> engine, std::string pool)
    : Caller(engine, call_options(std::move(pool))), engine_(std::move(engine)) {}

std::string Client::default_endpoint() { return io::default_endpoint(); }

Result<Client> Client::connect(std::string endpoint, ClientOptions options) {
  try {
    auto pool = options.pool;
    auto engine = std::make_shared<detail::ClientEngine>(std::move(endpoint), std::move(options));
    if (auto error = engine->start()) return std::move(*error);
    return Client(std::move(engine), std::move(pool));
  } catch (const std::exception& error) {
    Error failure;
    failure.code = Code::unavailable;
    failure.stage = Stage::transport;
    failure.message = std::string("cannot connect: ") + error.what();
    return failure;
  }
}

Result<Client> Client::connect(ClientOptions options) { return connect(default_endpoint(), std::move(options)); }

Client::~Client() {
  if (engine_) engine_->stop();
}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (engine_) engine_->stop();
    Caller::operator=(std::move(other));
    engine_ = std::move(other.engine_);
  }
  return *this;
}

Call<Value> Client::query(std::string what) const {
  detail::CallRef call(new detail::CallState(engine_));
  engine_->query(call, std::move(what));
  return Call<Value>(std::move(call));
}

Call<Value> Client::command(std::string name, Value::Map arguments) const {
  Writer writer;
  writer.value(Value(std::move(arguments)));
  detail::CallRef call(new detail::CallState(engine_));
  engine_->command(call, std::move(name), Blob(writer.bytes()));
  return Call<Value>(std::move(call));
}

Result<FunctionList> Client::functions() const {
  detail::CallRef call(new detail::CallState(engine_));
  engine_->query(call, "functions");
  return Call<FunctionList>(std::move(call)).get();
}

}  // namespace clutch
