/**
 * The same intake as it is commonly written: NestJS on Express, a validated DTO, mongoose, and one transaction
 * that upserts the session and adds two audit rows. Built before it runs, because of its decorators.
 */
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectConnection, InjectModel, MongooseModule, Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBooleanString,
  IsNumberString,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { Connection, Model } from 'mongoose';

@Schema({ collection: 'sessions', timestamps: true })
class Session {
  @Prop({ type: String })
  _id!: string;

  @Prop({ type: String, required: true })
  status!: string;

  @Prop({ type: String, required: true })
  code!: string;

  @Prop({ type: Object, required: true })
  result!: object;
}

@Schema({ collection: 'audit', timestamps: { createdAt: true, updatedAt: false } })
class AuditRow {
  @Prop({ type: String, required: true, index: true })
  session!: string;

  @Prop({ type: String, required: true })
  action!: string;

  @Prop({ type: Object, required: true })
  data!: object;
}

class OcrSection {
  @IsString()
  code!: string;

  @IsString()
  message!: string;

  @IsArray()
  @IsObject({ each: true })
  data!: object[];
}

class LivenessSection {
  @IsString()
  code!: string;

  @IsString()
  message!: string;

  @IsBooleanString()
  is_live!: string;

  @IsString()
  spoof_prob!: string;
}

class FaceMatchSection {
  @IsString()
  code!: string;

  @IsString()
  message!: string;

  @IsBooleanString()
  isMatch!: string;

  @IsNumberString()
  similarity!: string;
}

class CallbackRequest {
  @IsString()
  @MaxLength(128)
  uuid!: string;

  @IsString()
  code!: string;

  @IsString()
  message!: string;

  @ValidateNested()
  @Type(() => OcrSection)
  ocr!: OcrSection;

  @ValidateNested()
  @Type(() => LivenessSection)
  liveness!: LivenessSection;

  @ValidateNested()
  @Type(() => FaceMatchSection)
  face_match!: FaceMatchSection;

  @IsOptional()
  @IsObject()
  resources?: object;
}

@Injectable()
class CallbacksService {
  constructor(
    @InjectConnection() private readonly connection: Connection,
    @InjectModel(Session.name) private readonly sessions: Model<Session>,
    @InjectModel(AuditRow.name) private readonly audit: Model<AuditRow>,
  ) {}

  async receive(result: CallbackRequest): Promise<void> {
    const { uuid, code } = result;
    const status = code === '200' ? 'CONCLUDED' : 'IN_REVIEW';
    await this.connection.transaction(async (session) => {
      await this.sessions.updateOne(
        { _id: uuid },
        { $set: { status, code, result } },
        { upsert: true, session },
      );
      await this.audit.create(
        [
          { session: uuid, action: 'callback.received', data: { code } },
          { session: uuid, action: 'conclusion.reached', data: { status } },
        ],
        { session, ordered: true },
      );
    });
  }

  find(uuid: string): Promise<Session | null> {
    return this.sessions.findById(uuid).lean<Session>().exec();
  }
}

@Controller()
class CallbacksController {
  constructor(private readonly callbacks: CallbacksService) {}

  @Post('callbacks')
  @HttpCode(200)
  async receiveCallback(@Body() result: CallbackRequest): Promise<{ uuid: string }> {
    await this.callbacks.receive(result);
    return { uuid: result.uuid };
  }

  @Get('sessions/:uuid')
  getSession(@Param('uuid') uuid: string): Promise<Session | null> {
    return this.callbacks.find(uuid);
  }
}

@Module({
  imports: [
    MongooseModule.forRoot(process.argv[2]!, { writeConcern: { w: 'majority', j: true } }),
    MongooseModule.forFeature([
      { name: Session.name, schema: SchemaFactory.createForClass(Session) },
      { name: AuditRow.name, schema: SchemaFactory.createForClass(AuditRow) },
    ]),
  ],
  controllers: [CallbacksController],
  providers: [CallbacksService],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
app.useGlobalPipes(new ValidationPipe({ transform: true }));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.stdout.write(`listens on ${await app.getUrl()}\n`);
